import Conversion
import TestSupport
import Testing

@testable import StatusPage
@testable import Storage

@Suite struct TerminalViewTests {
    private let now = Moment.ms(0).wall

    private var snapshot: Snapshot {
        var activity = Activity(from: now + -600_000)
        for second in 0..<120 {
            activity.see(
                AttemptRow(
                    id: 1, attempt: 1, kind: "convert", finishedAt: now + Int64(-second * 1000),
                    outcome: "converted"))
        }
        var snapshot = Snapshot(at: now, activity: activity)
        snapshot.counts = [.queued: 12_345, .sending: 200, .converted: 98_765, .failed: 12]
        snapshot.state = QueueState(
            isPaused: false, waitingFor: .token, waitingUntil: now + 5000,
            waitingSince: now + -60_000,
            limiter: .init(
                tokens: 12, capacity: 30, rate: 0.5,
                at: Moment(wall: now, uptimeMS: 0, bootID: "test"),
                usage: OrgUsage(current: 45_000, limit: 100_000)),
            openCalls: [.init(id: 7, kind: "convert", size: 100, startedAt: now + -2000)],
            daemon: .init(pid: 4711, since: now + -3_600_000))
        snapshot.batches = (1...20).map { number in
            var batch = BatchSummary(
                id: Int64(number), name: "batch \(number) \u{1B}[31m漢字漢字漢字漢字",
                isPaused: number == 2,
                total: 1000)
            batch.unsettled = 400
            batch.converted = 588
            batch.failed = 12
            return batch
        }
        snapshot.latestFailures = (1...8).map { number in
            JobSummary(
                id: Int64(number), lead: "00QWs000000000\(number)AAA", state: .failed, attempts: 1,
                code: "INVALID_STATUS",
                message: "invalid convertedStatus\u{1B}[2J: " + String(repeating: "x", count: 200),
                finishedAt: now + -5000)
        }
        return snapshot
    }

    private func lines(_ width: Int, _ height: Int, colour: Bool = false, unicode: Bool = true)
        -> [String]
    {
        TerminalView(
            snapshot, queue: "queue.db", width: width, height: height,
            style: .init(hasColour: colour, isUnicode: unicode)
        ).lines
    }

    @Test(arguments: [(80, 24), (120, 50), (200, 80), (40, 12), (20, 4), (1, 1)])
    func `the view fits every window`(width: Int, height: Int) {
        let lines = lines(width, height)
        #expect(lines.count == max(4, height))
        for line in lines {
            let columns = line.reduce(0) { $0 + ("漢字".contains($1) ? 2 : 1) }
            #expect(columns <= max(20, width), "\(line)")
        }
    }

    @Test func `twenty-four lines of eighty columns tell all that matters`() {
        let text = lines(80, 24).joined(separator: "\n")
        for words in [
            "leadconvert  queue.db",
            "Waiting for the next call's token since 11:59:00, until 12:00:05.",
            "queued    12,345", "converted    98,765", "88 % settled", "leads/s",
            "12 of 30 calls, 0.50/s",
            "45,000 of 100,000 in 24 h", "1 in flight: convert of 100 for 2.0 s", "Batches",
            "600 of 1,000", ", paused", "Failed last", "00QWs0000000001AAA", "INVALID_STATUS",
            "q quits",
        ] {
            #expect(text.contains(words), "\(words)\n\(text)")
        }
    }

    @Test func `without colour no escape leaves it, whatever names and messages hold`() {
        #expect(!lines(120, 50).joined().contains("\u{1B}"))
        let coloured = lines(120, 50, colour: true).joined()
        #expect(coloured.contains("\u{1B}[32m"))
        #expect(!coloured.contains("\u{1B}[2J"))
    }

    @Test func `where only ASCII arrives, only ASCII is sent of ours`() {
        var snapshot = snapshot
        snapshot.batches = []
        let text = TerminalView(
            snapshot, queue: "queue.db", width: 80, height: 24,
            style: .init(hasColour: false, isUnicode: false)
        ).lines.joined()
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `a daemon that is gone and an empty queue are told`() {
        let empty = Snapshot(at: now, activity: Activity(from: now))
        let lines = TerminalView(
            empty, queue: "queue.db", width: 80, height: 24,
            style: .init(hasColour: false, isUnicode: true)
        ).lines
        #expect(lines.count == 24)
        var gone = snapshot
        gone.state?.daemon = nil
        let text = TerminalView(
            gone, queue: "queue.db", width: 80, height: 24,
            style: .init(hasColour: false, isUnicode: true)
        ).lines.joined()
        #expect(text.contains("No daemon works on this queue."))
    }

    @Test func `progress tells how much, how fast, and how long still`() {
        func rows(_ done: Int, _ time: Duration) -> String {
            progressLine("row", done, of: 10_000, after: time)
        }
        #expect(rows(2000, .seconds(4)) == "2,000 of 10,000 rows, 500 a second, 16 s left")
        #expect(rows(0, .zero) == "0 of 10,000 rows")
        #expect(rows(12_000, .seconds(4)) == "12,000 of 12,000 rows, 3,000 a second")
        #expect(
            progressLine("job", 1, of: nil, after: .seconds(2)) == "1 job, 0.50 a second")
    }
}
