public import Conversion

/// What pausing or resuming did.
public struct PauseChange: Sendable, Equatable {
    /// Whether it was so before.
    public var wasSo: Bool
    /// Jobs that were held, or let go.
    public var changed = 0
    /// The other unsettled jobs, by state: those in a call settle as usual.
    public var left: [JobState: Int] = [:]
    /// Whether the whole queue is paused now.
    public var isQueuePaused: Bool
}
