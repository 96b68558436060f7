import Conversion
import Storage

/// A lead's history drawn to scale: its attempts, its backoffs, and what its calls waited for.
struct Timeline {
    let job: JobSummary
    let attempts: [AttemptRow]
    let now: Timestamp

    private static let width = 1000.0
    /// What is shorter can't be seen at all, and an attempt is what one looks for.
    private static let narrowest = 4.0

    private struct Span {
        var kind: String
        var start: Timestamp
        var end: Timestamp
        var row: Double
        var words: String
    }

    private var spans: [Span] {
        attempts.flatMap { attempt -> [Span] in
            guard let start = attempt.startedAt else { return [] }
            let end = attempt.finishedAt ?? now
            var spans: [Span] = []
            if let waited = attempt.waitedMS, waited > 0 {
                let reason = attempt.waitedFor?.phrase ?? "its turn"
                spans.append(
                    Span(
                        kind: "wait", start: start + -waited, end: start, row: 2,
                        words: "waited \(waited.asDuration) for \(reason)"))
            }
            let outcome = attempt.outcome.map(Labels.outcome) ?? "in flight"
            spans.append(
                Span(
                    kind: Labels.kind(ofOutcome: attempt.outcome), start: start, end: end, row: 0,
                    words: "\(attempt.kind) \(attempt.attempt): \(outcome)"
                        + (attempt.code.map { ", \($0)" } ?? "") + ", \((end - start).asDuration)"))
            if let backoff = attempt.backoffMS, backoff > 0 {
                spans.append(
                    Span(
                        kind: "backoff", start: end, end: attempt.nextRunAt ?? end + backoff,
                        row: 1, words: "put off for \(backoff.asDuration)"))
            }
            return spans
        }
    }

    var html: HTML {
        let spans = spans
        guard let first = spans.map(\.start).min(), let last = spans.map(\.end).max() else {
            return "<p class=\"quiet\">Nothing has been sent for it yet.</p>"
        }
        let length = Double(max(1, last - first))
        let rects = spans.map { span -> HTML in
            let x = Self.width * Double(span.start - first) / length
            let width = max(Self.narrowest, Self.width * Double(span.end - span.start) / length)
            let left = min(x, Self.width - width)
            return """
                <rect class="\(span.kind)" x="\(left.svg)" width="\(width.svg)" \
                y="\((span.row * 22 + 3).svg)" height="16"><title>\(span.words)</title></rect>
                """
        }
        let label = "\(attempts.count.counted("attempt")) over \((last - first).asDuration)"
        return """
            <figure class="timeline"><div class="lanes"><div class="names" aria-hidden="true">\
            <span>attempts</span><span>backoff</span><span>waits</span></div>\
            <svg viewBox="0 0 1000 66" preserveAspectRatio="none" role="img" aria-label="\(label)">\
            <line class="grid" x1="0" x2="1000" y1="22" y2="22"/>\
            <line class="grid" x1="0" x2="1000" y1="44" y2="44"/>\(rects)</svg></div>\
            <div class="ticks"><span>\(first.html(on: now))</span>\
            <span>\((last - first).asDuration)</span><span>\(last.html(on: now))</span></div>\
            </figure>
            """
    }
}
