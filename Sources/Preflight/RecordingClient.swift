import Conversion
import Drain
import Salesforce
import Storage

/// Asks the org, with each request as a row of `calls` before it leaves.
///
/// It takes no token: the bucket is the daemon's, which counts these rows before its next call.
struct RecordingClient {
    let transport: SalesforceTransport
    /// The org's own count as the last answer carried it.
    private(set) var usage: OrgUsage?

    init(transport: SalesforceTransport) {
        self.transport = transport
    }

    /// Asks once. There may be no queue to record it in yet.
    mutating func ask<Value>(
        recordingIn queue: JobQueue?,
        _ question: (SalesforceTransport) async -> CheckReply<Value>
    ) async throws -> CheckReply<Value> {
        try await recorded(.check, in: queue) { transport in
            let reply = await question(transport)
            return (reply, reply.httpStatus, reply.reason, reply.usage)
        }
    }

    /// Gets a token, unless one was given.
    mutating func logIn(recordingIn queue: JobQueue?) async throws -> CallOutcome {
        guard !transport.hasSession else { return .loggedIn }
        return try await recorded(.token, in: queue) { transport in
            let reply = await transport.send(.logIn)
            return (reply.outcome, reply.httpStatus, reply.outcome.reason, reply.usage)
        }
    }

    private mutating func recorded<Reply>(
        _ kind: CallKind, in queue: JobQueue?,
        _ send: (SalesforceTransport) async -> (Reply, Int?, Reason?, OrgUsage?)
    ) async throws -> Reply {
        let start = SystemClock.now()
        let call = try queue?.claims.begin(kind, CallStart(at: start))
        let (reply, status, reason, usage) = await send(transport)
        self.usage = usage ?? self.usage
        if let call {
            try queue?.claims.end(
                CallEnd(
                    callID: call, startedAt: start, at: SystemClock.now(), httpStatus: status,
                    reason: reason, usage: usage))
        }
        return reply
    }
}

extension CallOutcome {
    /// What was wrong with the request as a whole, if anything.
    fileprivate var reason: Reason? {
        switch self {
        case .refused(_, let reason), .unclear(let reason): reason
        case .loggedIn, .limitsRead, .converted, .verified, .matched: nil
        }
    }
}
