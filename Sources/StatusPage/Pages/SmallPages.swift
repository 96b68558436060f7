import Conversion
import Storage

/// Failed leads with one code.
struct FailuresPage {
    let context: PageContext
    var part = FailedPart.conversion
    let code: String?
    let batch: String?
    let jobs: [JobSummary]
    let next: String?

    var html: HTML {
        let name = code ?? "no code"
        let back = Link.failures(part, code, batch: batch)
        let scope: HTML =
            batch.map { " of <a href=\"\(Link.batch($0))\"><bdi>\($0)</bdi></a>" } ?? .none
        return Layout(context: context, title: "\(name) – leadconvert").html(
            """
            <nav class="path"><a href="/">Queue</a></nav>
            <h1>\(part == .followUp ? "Converted, and then failed" : "Failed") with \
            <span class="code">\(name)</span>\(scope)</h1>
            \(jobs.isEmpty ? .none : retry(name, back))
            \(JobTable(context: context, jobs: jobs, back: back, next: next).html)
            """)
    }

    private func retry(_ name: String, _ back: String) -> HTML {
        guard let code else { return .none }
        return ActionButton(
            context: context, operation: .init(.retry, .code(code, batch: batch, part: part)),
            label: "Retry all of them",
            description: "Retry all leads that failed with \(name)" + part.words, back: back
        ).html
    }
}

struct JobsPage {
    let context: PageContext
    let state: JobState
    let jobs: [JobSummary]
    let next: String?

    var html: HTML {
        Layout(context: context, title: "\(state.rawValue) – leadconvert").html(
            """
            <nav class="path"><a href="/">Queue</a></nav>
            <h1>Leads that are \(state.rawValue)</h1>
            \(JobTable(context: context, jobs: jobs, back: Link.jobs(state), next: next).html)
            """)
    }
}

struct BatchPage {
    let context: PageContext
    let batch: BatchSummary
    let failures: [FailureGroup]

    var html: HTML {
        let back = Link.batch(batch.name)
        return Layout(context: context, title: "\(batch.name) – leadconvert", isLive: true).html(
            """
            <nav class="path"><a href="/">Queue</a></nav>
            <h1>Batch <bdi>\(batch.name)</bdi></h1>
            <section data-live id="progress" aria-label="Progress">\(progress)\
            <div class="row">\(BatchButtons(context: context, batch: batch, back: back, isComplete: true).html)</div></section>
            <section data-live id="failures" aria-labelledby="failures-h">\
            <h2 id="failures-h">Failures by code</h2>\
            \(FailureTable(context: context, groups: failures, batch: batch.name, back: back).html)</section>
            """)
    }

    private var progress: HTML {
        var numbers: [(String, Int, String)] = [
            ("converted", batch.converted, "converted"), ("failed", batch.failed, "failed"),
            ("cancelled", batch.cancelled, "quiet"), ("to go", batch.unsettled, "queued"),
            ("pruned", batch.pruned, "quiet"),
        ]
        if batch.failedFollowUps > 0 {
            numbers.insert(("without all that follows", batch.failedFollowUps, "failed"), at: 1)
        }
        let tiles = numbers.map { name, count, kind -> HTML in
            """
            <li><span class="tile \(count == 0 ? "zero" : kind)"><b>\(count.grouped)</b> \
            <span>\(name)</span></span></li>
            """
        }
        let since: HTML = batch.createdAt.map { "Made at \($0.html(on: context.now))" } ?? .none
        let end: HTML =
            batch.finishedAt.map { ", finished at \($0.html(on: context.now))" } ?? .none
        let paused: HTML = batch.isPaused ? ". It is <b>paused</b>" : .none
        return """
            <ul class="tiles">\(tiles)</ul>\(BatchBar(batch: batch).html)\
            <p class="quiet">\(batch.total.counted("lead")). \(since)\(end)\(paused).</p>
            """
    }
}

/// A lead: its jobs, each with its history drawn to scale.
struct LeadPage {
    let context: PageContext
    let lead: String
    let jobs: [(job: JobSummary, attempts: [AttemptRow])]

    var html: HTML {
        Layout(context: context, title: "\(lead) – leadconvert", isLive: true).html(
            """
            <nav class="path"><a href="/">Queue</a></nav>
            <h1>Lead <code>\(lead)</code></h1>
            <div data-live id="jobs">\(jobs.map(section))</div>
            """)
    }

    private func section(_ entry: (job: JobSummary, attempts: [AttemptRow])) -> HTML {
        let job = entry.job
        return """
            <section aria-label="Job \(String(job.id))"><div class="state"><p>\
            <span class="pill \(Labels.kind(of: job.state))">\(job.state.rawValue)</span> \
            job \(String(job.id)), \(job.attempts.counted("attempt")) used\(facts(job))</p>\
            \(JobButtons(context: context, job: job, back: Link.lead(lead)).html)</div>\
            \(fault(job))\(records(job))\
            \(Timeline(job: job, attempts: entry.attempts, now: context.now).html)\
            \(log(entry.attempts))</section>
            """
    }

    private func facts(_ job: JobSummary) -> HTML {
        let batch: HTML =
            job.batch.map { ", batch <a href=\"\(Link.batch($0))\"><bdi>\($0)</bdi></a>" } ?? .none
        let added: HTML = job.createdAt.map { ", added \($0.html(on: context.now))" } ?? .none
        let due: HTML =
            job.state == .queued || job.state == .held
            ? job.runAt.map { ", due \($0.html(on: context.now))" } ?? .none : .none
        return "\(batch)\(added)\(due)"
    }

    private func fault(_ job: JobSummary) -> HTML {
        guard let code = job.code else { return .none }
        return
            "<p class=\"message\"><b class=\"code\">\(code)</b> <bdi>\(job.message ?? "")</bdi></p>"
    }

    private func records(_ job: JobSummary) -> HTML {
        let records = [
            ("Account", job.accountID), ("Contact", job.contactID),
            ("Opportunity", job.opportunityID),
        ].compactMap { name, id -> HTML? in
            id.map { "<div><dt>\(name)</dt><dd><code>\($0)</code></dd></div>" }
        }
        return records.isEmpty ? .none : "<dl class=\"records\">\(records)</dl>"
    }

    private func log(_ attempts: [AttemptRow]) -> HTML {
        guard !attempts.isEmpty else { return .none }
        return """
            <table class="list"><caption class="hidden">Attempts</caption><thead><tr>\
            <th scope="col">Began</th><th scope="col">What</th><th scope="col">Came to</th>\
            <th scope="col" class="number">Took</th><th scope="col">Then</th></tr></thead>\
            <tbody>\(attempts.map(row))</tbody></table>
            """
    }

    private func row(_ attempt: AttemptRow) -> HTML {
        let took =
            attempt.startedAt.map { ((attempt.finishedAt ?? context.now) - $0).asDuration } ?? ""
        let call: HTML =
            attempt.call.map {
                " <span class=\"quiet\">call \(String($0)), \((attempt.leadsInCall ?? 1).counted("lead"))</span>"
            }
            ?? .none
        let then: HTML =
            attempt.nextRunAt.map { "again at \($0.html(on: context.now))" } ?? .none
        let waited: HTML =
            attempt.waitedMS.map {
                $0 > 0
                    ? " <span class=\"quiet\">after \($0.asDuration) for \(attempt.waitedFor?.phrase ?? "its turn")</span>"
                    : .none
            }
            ?? .none
        return """
            <tr><td class="when">\(attempt.startedAt?.html(on: context.now) ?? .none)</td>\
            <td>\(attempt.kind) \(attempt.attempt)\(call)\(waited)</td>\
            <td class="message"><span class="pill \(Labels.kind(ofOutcome: attempt.outcome))">\
            \(attempt.outcome.map(Labels.outcome) ?? "in flight")</span> \
            <b class="code">\(attempt.code ?? "")</b> <bdi>\(attempt.message ?? "")</bdi></td>\
            <td class="number">\(took)</td><td class="when">\(then)</td></tr>
            """
    }
}

/// Asks before many leads are touched.
struct ConfirmationPage {
    let context: PageContext
    let operation: PageOperation
    let leads: Int
    let back: String

    var html: HTML {
        let verb = operation.action.verb
        return Layout(context: context, title: "\(verb)? – leadconvert").html(
            """
            <h1>\(verb) \(leads.counted("lead"))?</h1>
            <p>This touches <b>\(leads.counted("lead"))</b>: \(operation.target).</p>
            <div class="row"><form method="post" action="/\(operation.action.rawValue)">\
            \(operation.inputs(context, back: back))\
            <input type="hidden" name="confirmed" value="yes">\
            <button class="strong">\(verb) \(leads.grouped)</button></form>\
            <a class="more" href="\(back)">Leave them alone</a></div>
            """)
    }
}

struct LoginPage {
    let context: PageContext
    var isRefused = false

    var html: HTML {
        Layout(context: context, title: "Log in – leadconvert", isOpen: false).html(
            """
            <section class="login"><h1>Log in</h1>
            \(isRefused ? "<p class=\"bad\" role=\"alert\">That is not the token.</p>" : .none)
            <form method="post" action="/login"><input type="hidden" name="csrf" \
            value="\(context.formToken)"><label for="token">Token</label>\
            <input id="token" name="token" type="password" autocomplete="current-password" required \
            maxlength="1024"><button class="strong">Log in</button></form>
            <p class="quiet">It stands in the file that LEADCONVERT_LISTEN_TOKEN_FILE names.</p>
            </section>
            """)
    }
}

/// Says what went wrong, and where to go.
struct FaultPage {
    let context: PageContext
    let title: String
    let sentence: String
    var isOpen = true

    var html: HTML {
        Layout(context: context, title: "\(title) – leadconvert", isOpen: isOpen).html(
            "<h1>\(title)</h1><p>\(sentence)</p><p><a class=\"more\" href=\"/\">To the queue</a></p>"
        )
    }
}
