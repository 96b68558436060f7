public import Conversion

/// What an operator's command did to jobs.
public struct Change: Sendable, Equatable {
    /// Jobs that were changed.
    public var changed = 0
    /// Those of them that wait for their batch to be resumed.
    public var held = 0
    /// Other jobs of a batch that was paused at one of them and goes on.
    public var released = 0
    /// Jobs that were left alone, by the state that kept them.
    public var left: [JobState: Int] = [:]
    /// Failed jobs that were left alone because their lead is in the queue again already.
    public var superseded = 0

    /// No change.
    public init() {}
}
