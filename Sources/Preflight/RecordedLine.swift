import Conversion
import Drain
import Salesforce
import Storage

/// The line to the org, on which each request is a row of `calls` before it leaves.
///
/// It takes no token: the bucket is the daemon's, which counts these rows before its next call.
struct RecordedLine {
    let transport: SalesforceTransport
    /// Where requests are recorded; nil when there is no queue yet.
    let queue: JobQueue?
    /// The org's own count as the last answer carried it.
    private(set) var usage: OrgUsage?

    init(transport: SalesforceTransport, queue: JobQueue?) {
        self.transport = transport
        self.queue = queue
    }

    /// Asks once.
    mutating func ask<Value>(
        _ question: (SalesforceTransport) async -> CheckReply<Value>
    ) async throws -> CheckReply<Value> {
        let start = SystemClock.now()
        let call = try queue?.begin(.check, CallStart(at: start))
        let reply = await question(transport)
        try end(call, start, reply.httpStatus, reply.reason, reply.usage)
        return reply
    }

    /// Gets a token, unless one was given.
    mutating func logIn() async throws -> CallOutcome {
        guard !transport.hasSession else { return .loggedIn }
        let start = SystemClock.now()
        let call = try queue?.begin(.token, CallStart(at: start))
        let reply = await transport.send(.logIn)
        try end(call, start, reply.httpStatus, reply.outcome.reason, reply.usage)
        return reply.outcome
    }

    private mutating func end(
        _ call: Int64?, _ start: Moment, _ status: Int?, _ reason: Reason?, _ usage: OrgUsage?
    ) throws {
        self.usage = usage ?? self.usage
        guard let call else { return }
        try queue?.end(
            CallEnd(
                callID: call, startedAt: start, at: SystemClock.now(), httpStatus: status,
                reason: reason, usage: usage))
    }
}

extension CallOutcome {
    /// What was wrong with the request as a whole, if anything.
    var reason: Reason? {
        switch self {
        case .refused(_, let reason), .unclear(let reason): reason
        case .loggedIn, .limitsRead, .converted, .verified, .matched: nil
        }
    }
}
