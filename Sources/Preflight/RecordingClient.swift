public import Conversion
import Drain
public import Salesforce
public import Settings
public import Storage

/// Asks the org, with each request as a row of `calls` before it is sent.
///
/// It takes no token: the bucket is the daemon's, which counts these rows before its next call.
public struct RecordingClient {
    /// What asks.
    public let transport: SalesforceTransport
    let settings: DaemonSettings
    /// Where requests are recorded; there may be none yet.
    var queue: JobQueue?
    /// The org's own count as the last answer carried it.
    public private(set) var usage: OrgUsage?

    /// A client that asks through this.
    public init(
        transport: SalesforceTransport, under settings: DaemonSettings,
        recordingIn queue: JobQueue?
    ) {
        self.transport = transport
        self.settings = settings
        self.queue = queue
    }

    /// Sends a request once.
    public mutating func ask<Value>(
        as kind: CallKind = .check, _ request: (SalesforceTransport) async -> Reply<Value>
    ) async throws -> Reply<Value> {
        let start = SystemClock.now()
        let call = try queue?.claims.begin(kind, CallStart(at: start))
        let reply = await request(transport)
        usage = reply.usage ?? usage
        if let call {
            try queue?.claims.end(
                CallEnd(
                    callID: call, startedAt: start, at: SystemClock.now(),
                    httpStatus: reply.httpStatus, reason: reply.reason, usage: reply.usage))
        }
        return reply
    }

    /// Gets a token, unless one was given.
    public mutating func logIn() async throws -> Reply<Void>.Outcome {
        guard !transport.hasSession else { return .value(()) }
        return try await ask(as: .token) { await $0.logIn() }.outcome
    }
}

extension RecordingClient {
    /// Why nothing more is to be asked now, as far as the org's last count tells: its requests are no
    /// less the org's because an operator makes them. Nil while there is no reason.
    public func reasonToStop() throws -> String? {
        let allowance = settings.drain.allowance
        if let usage, allowance.isSpent(usage, wasSpent: false) {
            return "only the reserve of the org's API requests is left"
        }
        let most = allowance.callsADay(limit: usage?.limit)
        if let most, let queue, try queue.callsOfTheLastDay() >= most {
            return "our share of the org's API requests is used up"
        }
        return nil
    }

    /// Throws when nothing more is to be asked now.
    public func requireAllowance() throws {
        guard let reason = try reasonToStop() else { return }
        throw OperatorError(
            .tryLater, "\(reason.prefix(1).uppercased() + reason.dropFirst()).",
            remedy: "Wait until requests are a day old, lower LEADCONVERT_RESERVE or raise "
                + "LEADCONVERT_DAILY_SHARE.")
    }

    /// Asks until there is an answer, three times at most: a session that has ended is renewed, and a
    /// request that was lost on the way is sent again.
    ///
    /// For requests that change nothing.
    /// - Throws: `OperatorError` when there is no token.
    public mutating func askAgain<Value>(
        as kind: CallKind, _ request: (SalesforceTransport) async -> Reply<Value>
    ) async throws -> Reply<Value>.Outcome {
        var left = 3
        while true {
            try await requireLogin()
            let outcome = try await ask(as: kind, request).outcome
            left -= 1
            switch outcome {
            case .value: return outcome
            case .refused(.session, _), .refused(.outage, _), .unclear:
                if left == 0 { return outcome }
            case .refused: return outcome
            }
        }
    }

    /// Gets a token, unless there is one.
    /// - Throws: `OperatorError` when there is none to be had.
    public mutating func requireLogin() async throws { try await logIn().get() }
}

extension Reply.Outcome {
    /// The value.
    /// - Throws: What the answer was otherwise, for the person who asked: 69 where it is unclear, 75, 77,
    ///   78 or 69 where it was refused.
    public func get() throws(OperatorError) -> Value {
        switch self {
        case .value(let value): return value
        case .refused(let blocker, let reason): throw OperatorError(blocker.exit, reason)
        case .unclear(let reason): throw OperatorError(.unavailable, reason)
        }
    }
}

extension OperatorError {
    fileprivate init(_ status: ExitStatus, _ reason: Reason) {
        self.init(
            status, "\(reason.message) (\(reason.code))",
            remedy: reason.remedy == reason.message ? nil : reason.remedy)
    }
}

extension SalesforceTransport {
    /// Carries an operator's requests. A refresh token that is put in the place of ours is kept where
    /// the daemon keeps it, because the one that we had is dead from then on.
    /// - Parameter warn: Is told why one can't be kept.
    /// - Throws: `OperatorError` with `.configuration`, naming the setting.
    public convenience init(
        _ settings: DaemonSettings, warn: @escaping @Sendable (String) -> Void
    ) throws(OperatorError) {
        let store = settings.refreshTokenStore
        try self.init(settings.salesforce) { token in
            guard var store else { return }
            do { _ = try store.keep(token) } catch { warn("\(error)") }
        }
    }
}

extension JobQueue {
    /// Our calls of the last 24 hours.
    func callsOfTheLastDay() throws -> Int {
        try settlements.callsOfTheLastDay(at: SystemClock.now()).reduce(0) { $0 + $1.calls }
    }
}
