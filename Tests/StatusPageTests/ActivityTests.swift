import Conversion
import TestSupport
import Testing

@testable import StatusPage
@testable import Storage

@Suite struct ActivityTests {
    private let now = Moment.ms(0).wall

    private func attempt(_ outcome: String, at ms: Int64, code: String? = nil) -> AttemptRow {
        AttemptRow(
            id: 1, attempt: 1, kind: "convert", startedAt: now + ms, finishedAt: now + ms,
            outcome: outcome, code: code)
    }

    @Test func `attempts are added up by the minute and since the start`() {
        var activity = Activity(from: now)
        activity.see(attempt("converted", at: -120_000))
        activity.see(attempt("converted", at: 0))
        activity.see(attempt("already_converted", at: 1000))
        activity.see(attempt("failed", at: 2000, code: "X"))
        activity.see(attempt("retry", at: 3000, code: "LOCKED"))
        activity.see(attempt("not_sent", at: 4000))
        let spans = activity.spans(of: 1, count: 3, until: now)
        #expect(spans.map(\.1.converted) == [1, 0, 2])
        #expect(spans[2].1.failed == 1)
        #expect(spans[2].1.retried == 1)
        #expect(spans[2].1.unclear == 1)
        #expect(activity.attempts.values.reduce(0, +) == 5)
        #expect(activity.ratePerSecond(at: now + 4000) == 3.0 / 5)
        #expect(activity.ratePerSecond(at: now + 70_000) == 0)
    }

    @Test func `of a thousand codes a hundred are told apart`() {
        var activity = Activity(from: now)
        for code in 1...1000 { activity.see(attempt("failed", at: 0, code: "CODE_\(code)")) }
        #expect(activity.attempts.count == 101)
        #expect(activity.attempts[.init(kind: "convert", outcome: "failed", code: "other")] == 900)
    }

    @Test func `what is older than a day is forgotten`() {
        var activity = Activity(from: now)
        activity.see(attempt("converted", at: 0))
        activity.forget(before: now + 23 * 3_600_000)
        #expect(activity.minutes.count == 1)
        activity.forget(before: now + 25 * 3_600_000)
        #expect(activity.minutes.isEmpty)
    }

    @Test func `a histogram counts what is not above each bound`() {
        var histogram = Histogram()
        for value in [0.005, 0.1, 0.3, 1000] { histogram.add(value) }
        #expect(histogram.buckets.prefix(5) == [1, 1, 2, 2, 3])
        #expect(histogram.buckets.last == 3)
        #expect(histogram.count == 4)
    }

    @Test func `a look adds up what others settle, each row once`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var view = QueueView(try Dashboard(path: queue.path), at: now)
            try view.look(at: now)
            #expect(view.snapshot.counts[.queued] == 3)
            let row = "INSERT INTO run_log (job_id, lead_id, attempt, kind, started_at"
            try queue.run(
                sql: """
                    \(row)) VALUES (1, '00QWs0000000001', 1, 'convert', '\(now)');
                    \(row), finished_at, outcome) VALUES (2, '00QWs0000000002', 1, 'convert',
                        '\(now)', '\(now)', 'failed');
                    """)
            try view.look(at: now)
            try view.look(at: now)
            #expect(view.snapshot.activity.attempts.values.reduce(0, +) == 1)
            try queue.run(
                sql:
                    "UPDATE run_log_rows SET finished_at = '\(now)', outcome = 'converted' WHERE job_id = 1"
            )
            try view.look(at: now)
            try view.look(at: now)
            #expect(view.snapshot.activity.attempts.values.reduce(0, +) == 2)
            #expect(view.snapshot.isCaughtUp)
        }
    }

    @Test func `HTTP's date has its day of the week`() {
        #expect(
            Timestamp(milliseconds: 784_111_777_000).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Timestamp(milliseconds: 0).httpDate == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
