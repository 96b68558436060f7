import Conversion
import Storage

/// The queue now, on one page.
struct OverviewPage {
    let context: PageContext
    let snapshot: Snapshot
    /// Whether the charts show a day, or an hour.
    var isDay = false

    private var now: Timestamp { snapshot.at }

    var html: HTML {
        Layout(context: context, title: title, isLive: true).html(
            """
            <div data-live id="state">\(stateLine)</div>
            <section data-live id="queue" aria-labelledby="queue-h"><h1 id="queue-h">Queue</h1>\
            \(tiles)\(totals)</section>
            <div class="columns">
            <section data-live id="throughput" aria-labelledby="throughput-h">\(throughput)</section>
            <section data-live id="limits" aria-labelledby="limits-h">\(limits)</section>
            </div>
            <section data-live id="failures" aria-labelledby="failures-h">\
            <h2 id="failures-h">Failures by code</h2>\
            \(FailureTable(context: context, groups: snapshot.failures, back: "/").html)\
            </section>
            <section data-live id="batches" aria-labelledby="batches-h">\
            <h2 id="batches-h">Batches</h2>\(batches)</section>
            <div class="columns">
            <section data-live id="latest" aria-labelledby="latest-h">\
            <h2 id="latest-h">Failed last</h2>\(latest)</section>
            <section data-live id="flight" aria-labelledby="flight-h">\
            <h2 id="flight-h">Calls in flight</h2>\(calls)\
            <h2>What people did</h2>\(operations)</section>
            </div>
            """)
    }

    private var title: String {
        let failed = snapshot.counts[.failed] ?? 0
        return snapshot.counts.left > 0
            ? "\(snapshot.counts.left.grouped) to go, \(failed.grouped) failed – leadconvert"
            : "\(failed.grouped) failed – leadconvert"
    }

    // MARK: The whole

    private var stateLine: HTML {
        let (kind, words) = snapshot.sentence
        let button =
            snapshot.state?.isPaused == true
            ? button(.init(.resume, .queue), "Resume", "Resume the whole queue")
            : button(.init(.pause, .queue), "Pause", "Pause the whole queue")
        return """
            <div class="state"><p><span class="dot \(kind)" aria-hidden="true"></span>\
            \(words)</p>\(button)</div>
            """
    }

    private var tiles: HTML {
        let tiles = JobState.allCases.map { state -> HTML in
            let count = snapshot.counts[state] ?? 0
            return """
                <li><a class="tile \(count == 0 ? "zero" : Labels.kind(of: state))" \
                href="\(Link.jobs(state))"><b>\(count.grouped)</b> <span>\(state.rawValue)</span>\
                </a></li>
                """
        }
        return "<ul class=\"tiles\">\(tiles)</ul>"
    }

    private var totals: HTML {
        let states: [JobState] = [
            .converted, .failed, .cancelled, .sending, .verifying, .finishing, .queued, .held,
        ]
        let parts = states.map { state in
            PartsBar.Part(
                kind: Labels.kind(of: state), name: state.rawValue,
                count: snapshot.counts[state] ?? 0)
        }
        let rate = snapshot.ratePerSecond
        let pace: HTML =
            rate > 0 ? "<b>\(rate.short)</b> leads a second" : "Nothing settled in the last minute"
        let left: HTML =
            snapshot.etaSeconds.map { "; about <b>\($0.asDuration)</b> left" } ?? .none
        return "\(PartsBar(parts: parts).html)<p class=\"quiet\">\(pace)\(left).</p>"
    }

    // MARK: Charts

    private var throughput: HTML {
        let spans = snapshot.activity.spans(
            of: isDay ? 15 : 1, count: isDay ? 96 : 60, until: now)
        let layers = Activity.layers(spans.map(\.1))
        let sums = layers.map { "\($0.values.reduce(0, +).grouped) \($0.name)" }
            .joined(separator: ", ")
        let span = isDay ? "a quarter of an hour" : "a minute"
        let chart = Columns(
            layers: layers, starts: spans.map(\.start),
            label: "Attempts in the last \(isDay ? "24 hours" : "hour"): \(sums)")
        return """
            <h2 id="throughput-h">Outcomes <small>leads \(span)</small></h2>\
            <nav class="ranges" aria-label="Span of the charts"><a href="/"\(isDay ? .none : Self.current)>\
            Hour</a><a href="/?range=day"\(isDay ? Self.current : .none)>Day</a></nav>\
            \(chart.html)\(snapshot.isCaughtUp ? .none : Self.reading)
            """
    }

    private static let current: HTML = " aria-current=\"page\""
    private static let reading: HTML = "<p class=\"quiet\">The last day is still being read.</p>"

    private var limits: HTML {
        guard let limiter = snapshot.state?.limiter else {
            return """
                <h2 id="limits-h">Limits</h2><p class="quiet">No call has been made yet.</p>
                """
        }
        let tokens = limiter.tokens(at: now)
        let bucket = Gauge(
            value: tokens, most: limiter.capacity,
            label: "\(tokens.short) of \(limiter.capacity.short) calls may start now")
        return """
            <h2 id="limits-h">Limits</h2><p>Bucket: <b>\(tokens.short)</b> of \
            \(limiter.capacity.short) calls, \(limiter.rate.short) a second come in</p>\
            \(bucket.html)\(usage(limiter))
            """
    }

    private func usage(_ limiter: LimiterState) -> HTML {
        guard let usage = limiter.usage else {
            return "<p class=\"quiet\">The org's own count is not known yet.</p>"
        }
        let spans = snapshot.activity.spans(of: 15, count: 96, until: now)
        let ours = spans.reduce(0) { $0 + $1.1.calls }
        let gauge = Gauge(
            value: Double(usage.current), most: Double(usage.limit),
            label: "\(usage.current.grouped) of \(usage.limit.grouped) calls used in 24 hours")
        let line = LineChart(
            values: spans.map(\.1.usage), starts: spans.map(\.start),
            top: Columns.roundTop(max(1, spans.compactMap(\.1.usage).max() ?? usage.current)),
            label:
                "The org's count over 24 hours, now \(usage.current.grouped) of \(usage.limit.grouped)"
        )
        return """
            <p>Org: <b>\(usage.current.grouped)</b> of \(usage.limit.grouped) calls in 24 hours, \
            \(ours.grouped) of them ours\(reported(limiter))</p>\(gauge.html)\(line.html)
            """
    }

    private func reported(_ limiter: LimiterState) -> HTML {
        limiter.usageAt.map { ", reported at \($0.html(on: now))" } ?? .none
    }

    // MARK: Lists

    private var batches: HTML {
        guard !snapshot.batches.isEmpty else {
            return
                "<p class=\"quiet\">There are no batches. Leads can be in the queue without one.</p>"
        }
        let rows = snapshot.batches.map { batch -> HTML in
            """
            <tr><th scope="row"><a href="\(Link.batch(batch.name))"><bdi>\(batch.name)</bdi></a>\
            \(batch.isPaused ? " <span class=\"tag\">paused</span>" : .none)</th>\
            <td class="wide">\(BatchBar(batch: batch).html)</td>\
            <td class="number">\((batch.total - batch.unsettled).grouped) of \(batch.total.grouped)</td>\
            <td class="number \(batch.failed > 0 ? "bad" : "quiet")">\(batch.failed.grouped) failed</td>\
            <td class="actions">\(BatchButtons(context: context, batch: batch, back: "/").html)</td></tr>
            """
        }
        return """
            <table class="list"><caption class="hidden">Batches with their progress</caption>\
            <thead class="hidden"><tr><th>Batch</th><th>Progress</th><th>Settled</th><th>Failed</th>\
            <th>Actions</th></tr></thead><tbody>\(rows)</tbody></table>
            """
    }

    private var latest: HTML {
        guard !snapshot.latestFailures.isEmpty else {
            return "<p class=\"quiet\">No lead has failed.</p>"
        }
        let rows = snapshot.latestFailures.prefix(5).map { job -> HTML in
            """
            <li><p><a href="\(Link.lead(job.lead))"><code>\(job.lead)</code></a> \
            <b class="code">\(job.code ?? "no code")</b> <span class="quiet">\(time(job.finishedAt))</span></p>\
            <p class="message"><bdi>\(job.message ?? "")</bdi></p>\
            \(button(.init(.retry, .job(job.id)), "Retry", "Retry lead \(job.lead)"))</li>
            """
        }
        return "<ul class=\"cards\">\(rows)</ul>"
    }

    private var calls: HTML {
        let open = snapshot.state?.openCalls ?? []
        guard !open.isEmpty else { return "<p class=\"quiet\">None.</p>" }
        let rows = open.prefix(10).map { call -> HTML in
            let age = call.startedAt.map { max(0, now - $0).asDuration } ?? ""
            return """
                <li><b>\(call.kind)</b> \(call.size.counted("lead")), in flight for \(age) \
                <span class="quiet">call \(String(call.id))</span></li>
                """
        }
        return "<ul class=\"plain-list\">\(Array(rows))</ul>"
    }

    private var operations: HTML {
        guard !snapshot.operations.isEmpty else { return "<p class=\"quiet\">Nothing yet.</p>" }
        let rows = snapshot.operations.map { row -> HTML in
            """
            <li>\(time(row.at)) <b><bdi>\(row.by)</bdi></b> \(Labels.action(row.action)) \
            <bdi>\(row.target)</bdi> <span class="quiet">\(row.jobs.counted("job"))</span></li>
            """
        }
        return "<ul class=\"plain-list\">\(rows)</ul>"
    }

    private func time(_ time: Timestamp?) -> HTML { time?.html(on: now) ?? .none }

    private func button(
        _ operation: PageOperation, _ label: String, _ description: String
    ) -> HTML {
        ActionButton(
            context: context, operation: operation, label: label, description: description,
            back: "/"
        ).html
    }
}

extension Snapshot {
    /// What the queue as a whole is doing, in a sentence, with the class of its colour.
    var sentence: (kind: String, words: String) {
        guard let state else { return ("quiet", "Not looked at yet.") }
        guard state.daemon != nil else {
            return (
                "failed",
                "No daemon works on this queue\(state.isPaused ? ", which is paused." : ".")"
            )
        }
        if state.isPaused { return ("retried", "The whole queue is paused.") }
        guard counts.left > 0 else { return ("converted", "Nothing is left to do.") }
        guard let reason = state.waitingFor else {
            return ("converted", "Converting.")
        }
        let since = state.waitingSince.map { " since \($0.readable(on: at))" } ?? ""
        let until = state.waitingUntil.map { ", until \($0.readable(on: at))" } ?? ""
        let isTrouble = Metrics.breakerReasons.contains(reason)
        return (
            isTrouble ? "failed" : "flight",
            "Waiting for \(reason.phrase)\(since)\(until)."
        )
    }
}
