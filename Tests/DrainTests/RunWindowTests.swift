import Conversion
import Foundation
import Storage
import TestSupport
import Testing

@testable import Drain

/// Hours by the clocks of Berlin, which go forward on 29 March 2026 and back on 25 October, both at
/// 01:00 UTC.
@Suite struct RunWindowTests {
    private func window(_ start: Int, _ end: Int) throws -> RunWindow {
        RunWindow(
            start: start * 60, end: end * 60,
            zone: try #require(TimeZone(identifier: "Europe/Berlin")))
    }

    private func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp("\(text):00.000Z"))
    }

    @Test func `opens and closes by the local clock`() throws {
        let night = try window(20, 6)
        #expect(!night.isOpen(at: try time("2026-02-01T18:59")))
        #expect(night.isOpen(at: try time("2026-02-01T19:00")))
        #expect(night.isOpen(at: try time("2026-02-02T04:59")))
        #expect(!night.isOpen(at: try time("2026-02-02T05:00")))
        let opens = night.nextChange(after: try time("2026-02-01T12:00"))
        #expect(opens == (try time("2026-02-01T19:00")))
        #expect(night.nextChange(after: opens) == (try time("2026-02-02T05:00")))
        let work = try window(9, 17)
        let closes = work.nextChange(after: try time("2026-02-01T08:00"))
        #expect(closes == (try time("2026-02-01T16:00")))
        #expect(work.nextChange(after: closes) == (try time("2026-02-02T08:00")))
    }

    @Test func `is an hour shorter when clocks go forward`() throws {
        let night = try window(20, 6)
        let opens = night.nextChange(after: try time("2026-03-28T12:00"))
        #expect(opens == (try time("2026-03-28T19:00")))
        #expect(night.nextChange(after: opens) == (try time("2026-03-29T04:00")))
        // The hour that is skipped: what would begin in it, at 02:00, begins when it is over, and
        // what lies in it only does not take place.
        let early = try window(2, 4)
        let late = early.nextChange(after: try time("2026-03-29T00:00"))
        #expect(late == (try time("2026-03-29T01:00")))
        let skipped = try window(2, 3)
        #expect(
            skipped.nextChange(after: try time("2026-03-28T12:00"))
                == (try time("2026-03-30T00:00")))
    }

    @Test func `is an hour longer when clocks go back`() throws {
        let night = try window(20, 6)
        let opens = night.nextChange(after: try time("2026-10-24T12:00"))
        #expect(opens == (try time("2026-10-24T18:00")))
        #expect(night.nextChange(after: opens) == (try time("2026-10-25T05:00")))
        // The hour that is shown twice, from 02:00, is there twice, without a break.
        let twice = try window(2, 3)
        let first = twice.nextChange(after: try time("2026-10-24T12:00"))
        #expect(first == (try time("2026-10-25T00:00")))
        #expect(twice.nextChange(after: first) == (try time("2026-10-25T02:00")))
    }

    @Test func `changes where it says and nowhere else`() throws {
        for (start, end) in [(20, 6), (9, 17), (2, 3), (1, 2), (0, 23), (3, 2)] {
            let window = try window(start, end)
            var minute = try time("2026-03-28T00:00")
            for day in ["2026-03-31T00:00", "2026-10-27T00:00"] {
                let end = try time(day)
                var change = window.nextChange(after: minute)
                while minute < end {
                    let next = minute + 60_000
                    let isChange = window.isOpen(at: minute) != window.isOpen(at: next)
                    #expect(isChange == (next == change))
                    if next == change { change = window.nextChange(after: next) }
                    minute = next
                }
                minute = try time("2026-10-24T00:00")
            }
        }
    }

    @Test func `has hours of its own for some days, from the day on which they begin`() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        let window = RunWindow(
            [
                .init(days: [0, 1, 2, 3, 4], start: 20 * 60, end: 6 * 60),
                .init(days: [5, 6], start: 0, end: 24 * 60),
            ], zone: berlin)
        // From Friday's evening to Monday's midnight without a break; 1 February 2026 is a Sunday.
        let changes = [
            "2026-01-29T19:00", "2026-01-30T05:00", "2026-01-30T19:00", "2026-02-01T23:00",
            "2026-02-02T19:00", "2026-02-03T05:00",
        ]
        var time = try time("2026-01-29T12:00")
        for change in changes {
            let isOpen = window.isOpen(at: time)
            time = window.nextChange(after: time)
            #expect(time == (try self.time(change)))
            #expect(window.isOpen(at: time) != isOpen)
        }
        #expect(window.openPart == 1)
        #expect(RunWindow([.init(days: [2], start: 0, end: 360)], zone: .gmt).openPart == 0.25)
    }

    @Test func `may be open always`() throws {
        let window = RunWindow([.init(start: 0, end: 1440)], zone: .gmt)
        let now = try time("2026-02-01T12:00")
        #expect(window.isOpen(at: now) && window.openPart == 1)
        #expect(window.nextChange(after: now) > now)
    }

    /// The virtual clock starts on a noon, UTC.
    @Test func `starts no call outside its hours and says so`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            let hours = RunWindow(start: 14 * 60, end: 15 * 60, zone: .gmt)
            let log = RecordedLog()
            var drain = try VirtualDrain(queue, logger: log.logger) {
                $0.window = hours
                $0.callSize = 1
                $0.burst = 1
                $0.rate = 1 / 2000.0
            }
            guard case .wait(let wait) = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("it did not wait")
                return
            }
            let hour: Int64 = 3_600_000
            #expect(wait == Wait(reason: .hours, until: .ms(2 * hour)))
            let status = try queue.reports.status(at: drain.now.wall)
            #expect(status.waitingFor == nil, "no daemon runs")
            try drain.run { .allConverted($0) }
            let starts = try queue.calls().compactMap { $0.text("started_at") }
            // A token each 2,000 s; the third is there at 15:06, and waits for the next day.
            let expected = [7200, 9200, 26 * 3600].map { Moment.ms($0 * 1000).wall.description }
            #expect(starts == expected)
            let ends = [2, 26].map { Moment.ms($0 * hour).wall }
            #expect(
                log.lines("no calls")
                    == ends.map { "notice no calls outside the run hours until=\($0)" })
        }
    }

    @Test(arguments: ["SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"])
    func `a bad minute before and one after the hours that are closed use no attempt`(code: String)
        async throws
    {
        try await withQueue { queue in
            var policy = RetryPolicy()
            policy.maxAttempts = 1
            try queue.operations.set(policy, named: "default")
            try queue.add(1...1)
            var drain = try VirtualDrain(queue) {
                $0.window = RunWindow(start: 11 * 60, end: 12 * 60 + 3, zone: .gmt)
            }
            let reason = Reason(code, "out of order")
            // What is left of the first day's hours, and two minutes of the next day's.
            try drain.run(until: .ms((23 * 60 + 2) * 60_000)) { request in
                guard case .convert = request else { return .noneConverted(request) }
                return CallReply(
                    .converted([
                        code == "SERVER_UNAVAILABLE"
                            ? .blocked(.outage, reason) : .transient(reason)
                    ]))
            }
            #expect(drain.sent.count >= 4)
            try drain.run { .allConverted($0) }
            #expect(try queue.jobs().map { $0.text("state") } == ["converted"])
        }
    }

    @Test func `verifies nothing outside its hours either`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            try drain.run(most: 1) { _ in CallReply(.unclear(Reason("TIMEOUT", "no answer"))) }
            var options = drain.engine.options
            options.window = RunWindow(start: 13 * 60, end: 14 * 60, zone: .gmt)
            drain.engine.adopt(options, at: drain.now)
            try drain.run(most: 2) { .allConverted($0) }
            #expect(drain.sent.map(\.kind) == [.convert, .verify])
            #expect(drain.now.since(.ms(0)) >= 3_600_000)
        }
    }
}
