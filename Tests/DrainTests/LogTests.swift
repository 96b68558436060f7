import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// What the log says of blockers and of calls: a lasting one when it begins and when it ends, and
/// nothing for each lead.
@Suite struct LogTests {
    private let log = RecordedLog()
    private let away = CallReply(.refused(.outage, Reason("CONNECTION_REFUSED", "refused")))

    @Test func `tells of an outage when it begins and when it ends`() async throws {
        try await withQueue { queue in
            try queue.add(1...150)
            var drain = try VirtualDrain(queue, logger: log.logger)
            var answers = 0
            try drain.run { request in
                answers += 1
                return answers <= 4 ? away : .allConverted(request)
            }
            let probe = (Moment.ms(10 + 30_000)).wall
            #expect(
                log.lines("circuit ") == [
                    "warning circuit open code=CONNECTION_REFUSED probe.at=\(probe) "
                        + "reason=outage",
                    "notice circuit closed after.s=450 reason=outage",
                ])
        }
    }

    @Test func `tells of an outage of the login host the same way`() async throws {
        try await withQueue { queue in
            try queue.add(1...150)
            var session = false
            // It is read by the drain, on this very thread.
            nonisolated(unsafe) let hasSession: () -> Bool = { session }
            var drain = try VirtualDrain(queue, logger: log.logger, hasSession: hasSession)
            var logins = 0
            try drain.run { request in
                guard case .logIn = request else { return .allConverted(request) }
                logins += 1
                session = logins > 4
                return session ? .allConverted(request) : away
            }
            #expect(logins == 5)
            #expect(log.lines("circuit open").count == 1)
            #expect(
                log.lines("circuit closed")
                    == ["notice circuit closed after.s=450 reason=outage"])
        }
    }

    @Test(arguments: [Blocker.outage, .allowance, .concurrency, .permission, .configuration])
    func `nothing that Salesforce says of a blocker reaches the log or an error`(
        blocker: Blocker
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var drain = try VirtualDrain(queue, logger: log.logger)
            var said = Reason("SOME_CODE", "Ada Lovelace <ada@example.org> is a duplicate")
            said.remedy = "Ask an administrator."
            let ending = try drain.run(most: 40) { _ in CallReply(.refused(blocker, said)) }
            let told = log.lines.joined(separator: "\n") + "\(String(describing: ending))"
            #expect(!told.contains("Ada") && !told.contains("example.org"))
            #expect(told.contains("SOME_CODE"))
            #expect(told.contains("Ask an administrator."))
        }
    }

    @Test func `writes a line for each call and none for each lead`() async throws {
        try await withQueue { queue in
            try queue.add(1...250)
            var drain = try VirtualDrain(queue, logger: log.logger)
            try drain.run { .allConverted($0) }
            #expect(
                log.lines == [
                    "debug call settled call.code= call.id=1 call.leads=100 call.ms=10 "
                        + "call.settled=100",
                    "debug call settled call.code= call.id=2 call.leads=100 call.ms=10 "
                        + "call.settled=100",
                    "debug call settled call.code= call.id=3 call.leads=50 call.ms=10 "
                        + "call.settled=50",
                ])
        }
    }
}
