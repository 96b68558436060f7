import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct RecoveryTests {
    @Test func `puts what a dead daemon sent in doubt`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            _ = try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(try queue.settlements.recover(at: .ms(5)) == .init(jobs: 2, calls: 1))
            #expect(
                try queue.jobs().map { $0.text("state") } == ["verifying", "verifying", "queued"])
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 0 })
            #expect(try queue.log().map { $0.text("outcome") } == ["unknown", "unknown"])
            let verification = try #require(
                try queue.claims.claimVerification(upTo: 10, CallStart(at: .ms(6))))
            #expect(verification.jobs.map(\.doubt) == [.crash, .crash])
            #expect(verification.jobs.map(\.sentAt) == [.ms(0), .ms(0)])
            #expect(verification.jobs.map(\.callSize) == [2, 2])
        }
    }

    @Test func `remembers of a lead that an unclear call carried it, for every later job`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            #expect(call.jobs.map(\.mayBeConverted) == [false, false])
            var settlements = call.jobs.map {
                Settlement($0, in: call.id, .unknown, to: .verifying)
            }
            settlements[0].doubt = .noAnswer
            settlements[1].doubt = .refused
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)), settlements)
            let verification = try #require(
                try queue.claims.claimVerification(upTo: 2, CallStart(at: .ms(2))))
            #expect(verification.jobs.map(\.job.mayBeConverted) == [true, false])
            try queue.settlements.settle(
                CallEnd(callID: verification.id, startedAt: .ms(2), at: .ms(3)),
                verification.jobs.map { Settlement($0, .failed, to: .failed) })
            try queue.add(1...2)
            let later = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(4)), choosing: { $0 }))
            #expect(later.jobs.map(\.conversion.leadID) == [try .lead(1), try .lead(2)])
            #expect(later.jobs.map(\.mayBeConverted) == [true, false])
        }
    }

    @Test func `an older copy is noticed though others have called the org on it since`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...1)
            for _ in 1...6 {
                let call = try queue.claims.begin(.check, CallStart(at: .ms(0)))
                try queue.claims.end(CallEnd(callID: call, startedAt: .ms(0), at: .ms(1)))
            }
            #expect(try queue.settlements.recover(at: .ms(5), lastCall: 3).isOlderCopy)
            #expect(try !queue.settlements.recover(at: .ms(5), lastCall: 0).isOlderCopy)
        }
    }

    @Test func `finishes a batch whose last job somebody has settled by hand`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...1, options)
            try queue.run(sql: "UPDATE jobs SET state = 'cancelled', finished_at = run_at")
            _ = try queue.settlements.recover(at: .ms(5))
            let finished = try queue.read {
                try String.fetchOne($0, sql: "SELECT finished_at FROM batches")
            }
            #expect(finished == Moment.ms(5).wall.description)
        }
    }

    @Test func `a call of a wrong clock hides none of those before it`() async throws {
        try await withQueue { queue in
            try queue.run(
                sql: """
                    INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms)
                    VALUES ('convert', 1, '\(Moment.ms(0).wall)', 'first', 1),
                        ('convert', 1, '1970-01-01T00:00:07.000Z', 'second', 1)
                    """)
            let now = Moment(wall: Moment.ms(60_000).wall, uptimeMS: 1, bootID: "third")
            let calls = try queue.settlements.callsOfTheLastDay(at: now)
            #expect(calls.map(\.minutesAgo) == [1] && calls.map(\.calls) == [1])
        }
    }

    @Test func `asks again when the daemon died while asking`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            _ = try queue.settlements.recover(at: .ms(5))
            _ = try queue.claims.claimVerification(upTo: 10, CallStart(at: .ms(6)))
            #expect(try queue.settlements.recover(at: .ms(7)) == .init(jobs: 0, calls: 1))
            #expect(
                try queue.claims.claimVerification(upTo: 10, CallStart(at: .ms(8)))?.jobs.count == 1
            )
            #expect(try queue.log().map { $0.text("kind") } == ["convert", "verify", "verify"])
        }
    }

    @Test func `lets one daemon work on a file and names it`() async throws {
        try await withQueue { queue in
            #expect(DaemonLock.holder(queue: queue.path) == nil)
            do {
                let lock = try DaemonLock(queue: queue.path, at: Moment.ms(0).wall)
                let error = #expect(throws: OperatorError.self) {
                    try DaemonLock(queue: queue.path, at: Moment.ms(1).wall)
                }
                #expect(error?.status == .tryLater)
                let holder = try #require(DaemonLock.holder(queue: queue.path))
                #expect(error?.sentence.contains("pid \(holder.pid)") == true)
                #expect(holder.since == Moment.ms(0).wall)
                withExtendedLifetime(lock) {}
            }
            #expect(DaemonLock.holder(queue: queue.path) == nil)
            _ = try DaemonLock(queue: queue.path, at: Moment.ms(2).wall)
        }
    }

    @Test func `remembers the limiter`() async throws {
        try await withQueue { queue in
            #expect(try queue.settlements.limiter() == nil)
            try queue.add(1...1)
            let limiter = LimiterState(
                tokens: 3.5, capacity: 10, rate: 0.25, at: .ms(0),
                usage: OrgUsage(current: 7, limit: 100), usageAt: Moment.ms(0).wall)
            _ = try queue.claims.claim(
                upTo: 1, CallStart(at: .ms(0), limiter: limiter), choosing: { $0 })
            let other = try JobQueue(path: queue.path, as: .client)
            #expect(try other.settlements.limiter() == limiter)
        }
    }
}
