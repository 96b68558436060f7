public import Conversion

/// The way to Salesforce, as the drain is given it.
public struct Transport: Sendable {
    /// Makes exactly one request and waits for what comes of it, however long that takes.
    public var send: @Sendable (CallRequest) async -> CallReply
    /// Whether a token is at hand for the next call.
    public var hasSession: @Sendable () -> Bool

    /// A transport.
    public init(
        send: @escaping @Sendable (CallRequest) async -> CallReply,
        hasSession: @escaping @Sendable () -> Bool
    ) {
        self.send = send
        self.hasSession = hasSession
    }
}
