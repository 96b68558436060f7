public import Conversion
public import Storage

/// What became of a batch, as one page that needs nothing else, to hand on.
public struct BatchReport: Sendable {
    private let batch: BatchSummary
    private let failures: [FailureGroup]
    private let now: Timestamp
    private var calls: Set<Int64> = []
    private var attempts = 0
    private var first: Timestamp?
    private var last: Timestamp?
    private var minutes: [Int64: Activity.Minute] = [:]
    private var converted: [JobSummary] = []
    private var failed: [JobSummary] = []

    /// Leads in a list; a page with a million rows opens in no browser, and the CSV has them all.
    private static let mostRows = 5000

    /// Reads the batch of that name.
    /// - Throws: `OperatorError` 66 when there is none.
    public init(of name: String, in dashboard: Dashboard, at now: Timestamp) throws {
        batch = try dashboard.batch(named: name)
        failures = try dashboard.failuresByCode(batch: batch.id)
        self.now = now
        try dashboard.readJobs(ofBatch: batch.id) { jobs, attempts in
            for job in jobs { add(job) }
            for attempt in attempts { add(attempt) }
        }
    }

    private mutating func add(_ job: JobSummary) {
        if job.state == .converted, converted.count < Self.mostRows { converted.append(job) }
        let hasFailed = job.state == .failed || job.hasFailedFollowUp
        if hasFailed, failed.count < Self.mostRows { failed.append(job) }
    }

    private mutating func add(_ attempt: ReportedAttempt) {
        attempts += 1
        if let call = attempt.call { calls.insert(call) }
        if let start = attempt.startedAt { first = min(first ?? start, start) }
        guard let end = attempt.finishedAt, let outcome = attempt.outcome else { return }
        last = max(last ?? end, end)
        minutes[end.milliseconds / 60_000, default: .init()].count(outcome, of: attempt.kind)
    }

    public var html: String {
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
            style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(batch.name): what became of its leads</title>
            <style>\(.trusted(Assets.style))</style>
            </head>
            <body><main>
            <p class="path">Lead conversion, as of \(now.html(on: now)) on \(day(now)) (UTC)</p>
            <h1><bdi>\(batch.name)</bdi></h1>
            <section aria-label="Summary">\(summary)</section>
            <div class="columns"><section><h2>Outcomes over time</h2>\(chart)</section>
            <section><h2>Figures</h2>\(figures)</section></div>
            <section><h2>What failed, and why</h2>\(reasons)\(failedLeads)</section>
            <section><h2>What was converted into what</h2>\(convertedLeads)</section>
            </main></body>
            </html>

            """
        return page.text
    }

    private func day(_ time: Timestamp) -> String { String(time.description.prefix(10)) }

    private var summary: HTML {
        let left: HTML =
            batch.unsettled > 0
            ? "; <b>\(batch.unsettled.grouped)</b> are not done yet" : .none
        let after: HTML =
            batch.failedFollowUps > 0
            ? ", \(batch.failedFollowUps.grouped) of them without all that was to follow" : .none
        return """
            <p><b class="big">\(batch.converted.grouped)</b> of \(batch.total.counted("lead")) \
            converted\(after), <b>\(batch.failed.grouped)</b> failed\(left).</p>\(BatchBar(batch: batch).html)
            """
    }

    private var figures: HTML {
        let time = first.flatMap { first in last.map { $0 - first } }
        let figures: [(String, String)] = [
            ("Converted", batch.converted.grouped), ("Failed", batch.failed.grouped),
            ("Cancelled", batch.cancelled.grouped), ("Not done yet", batch.unsettled.grouped),
            ("Deleted since", batch.pruned.grouped),
            ("Calls that carried its leads", calls.count.grouped),
            ("Attempts and look-ups", attempts.grouped),
            ("First call", first?.readable ?? "none"), ("Last answer", last?.readable ?? "none"),
            ("Time taken", time?.asDuration ?? "none"),
        ]
        let rows = figures.map { name, value -> HTML in
            "<tr><th scope=\"row\">\(name)</th><td class=\"number\">\(value)</td></tr>"
        }
        return "<table>\(rows)</table>"
    }

    private var chart: HTML {
        guard let first, let last else { return "<p class=\"quiet\">Nothing was sent.</p>" }
        // At most sixty columns, of a whole number of minutes each.
        let begin = first.milliseconds / 60_000
        let length = max(1, (last.milliseconds / 60_000 - begin) / 60 + 1)
        let count = Int((last.milliseconds / 60_000 - begin) / length) + 1
        let spans = (0..<Int64(max(count, 12))).map { index -> (Timestamp, Activity.Minute) in
            let start = begin + index * length
            var sum = Activity.Minute()
            for minute in start..<(start + length) { minutes[minute].map { sum.add($0) } }
            return (Timestamp(milliseconds: start * 60_000), sum)
        }
        return Columns(
            layers: Activity.layers(spans.map(\.1)), starts: spans.map(\.0),
            label: "Outcomes of attempts over time"
        ).html
    }

    private var reasons: HTML {
        guard !failures.isEmpty else { return "<p class=\"quiet\">No lead failed.</p>" }
        let rows = failures.map { group -> HTML in
            """
            <tr><th scope="row"><bdi class="code">\(group.code ?? "no code")</bdi>\
            \(group.part.label)</th>\
            <td class="number">\(group.leads.grouped)</td>\
            <td class="message"><bdi>\(group.example ?? "")</bdi></td></tr>
            """
        }
        return """
            <table class="list"><thead><tr><th scope="col">Code</th>\
            <th scope="col" class="number">Leads</th><th scope="col">For example</th></tr></thead>\
            <tbody>\(rows)</tbody></table>
            """
    }

    private var failedLeads: HTML {
        guard !failed.isEmpty else { return .none }
        let rows = failed.map { job -> HTML in
            """
            <tr><th scope="row"><code>\(job.lead)</code></th>\
            <td class="message"><b class="code">\(job.code ?? "")</b> \
            <bdi>\(job.message ?? "")</bdi></td><td class="number">\(job.attempts)</td></tr>
            """
        }
        return """
            <details><summary>The leads</summary><table class="list"><thead><tr>\
            <th scope="col">Lead</th><th scope="col">Why</th>\
            <th scope="col" class="number">Attempts</th></tr></thead><tbody>\(rows)</tbody></table>\
            \(more(batch.failed + batch.failedFollowUps - failed.count))</details>
            """
    }

    private var convertedLeads: HTML {
        guard !converted.isEmpty else { return "<p class=\"quiet\">No lead was converted.</p>" }
        let rows = converted.map { job -> HTML in
            """
            <tr><th scope="row"><code>\(job.lead)</code></th>\
            <td><code>\(job.accountID ?? "")</code></td><td><code>\(job.contactID ?? "")</code></td>\
            <td><code>\(job.opportunityID ?? "")</code></td></tr>
            """
        }
        return """
            <table class="list"><thead><tr><th scope="col">Lead</th><th scope="col">Account</th>\
            <th scope="col">Contact</th><th scope="col">Opportunity</th></tr></thead>\
            <tbody>\(rows)</tbody></table>\(more(batch.converted - converted.count))
            """
    }

    private func more(_ leads: Int) -> HTML {
        leads > 0
            ? "<p class=\"quiet\">And \(leads.counted("more lead")), which the CSV has.</p>" : .none
    }
}

extension Activity.Minute {
    /// Adds what an attempt to convert a lead came to; what follows a conversion is none.
    mutating func count(_ outcome: String, of kind: String) {
        guard kind == "convert" || kind == "verify" else { return }
        switch outcome {
        case "converted", "already_converted": converted += 1
        case "failed": failed += 1
        case "retry": retried += 1
        // What was asked about notes and tasks.
        case "done", "not_found": break
        default: unclear += 1
        }
    }
}

extension Activity {
    /// The layers of a chart of outcomes.
    static func layers(_ minutes: [Minute]) -> [Columns.Layer] {
        [
            .init(kind: "converted", name: "converted", values: minutes.map(\.converted)),
            .init(kind: "failed", name: "failed", values: minutes.map(\.failed)),
            .init(kind: "retried", name: "put off", values: minutes.map(\.retried)),
            .init(kind: "unclear", name: "unclear or not sent", values: minutes.map(\.unclear)),
        ]
    }
}
