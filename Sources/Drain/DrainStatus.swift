public import Conversion

/// How the drain stands at the end of a pass: what its watchers are told.
public struct DrainStatus: Sendable, Equatable {
    /// When the pass ended.
    public var at: Moment
    public var callsInFlight: Int
    /// When the one that has been out longest started.
    public var oldestCallAt: Moment?
    /// Whether the queue's file can't be written just now: it is locked, or its disk is full.
    public var isStorageFailing: Bool

    /// How far beyond its timeout a call may still be out before its answer counts as lost on the
    /// way to us, in milliseconds: a busy machine is late, and a suspended one stops its timers.
    private static let graceMS: Int64 = 60_000

    /// Whether the drain makes progress. `HTTPTransport.send` ends every call at its deadline; this is for
    /// the case that it does not.
    ///
    /// True after every pass that has ended. Waiting (an outage, a spent allowance, a pause, a file
    /// that can't be written just now) counts as progress, because a restart would only wait again.
    /// False when a call has been out for a minute longer than its timeout: its slot stays taken
    /// until the process ends.
    public func isProgress(callTimeoutMS: Int64) -> Bool {
        guard let oldestCallAt else { return true }
        return at.since(oldestCallAt) <= callTimeoutMS + Self.graceMS
    }
}

/// How a drain came to its end.
public enum ExitReason: Sendable {
    /// Nothing is left that could move on its own.
    case drained
    /// The queue is paused, and the drain was to run until it is empty.
    case paused
    /// It was told to stop; so many calls were still in flight, and are asked about at the next
    /// start.
    case stopped(inFlight: Int)
    /// It can't go on.
    case fault(OperatorError)

    /// Whether no call is out and the file was in order to the end: one that is not is left as it
    /// is, with its write-ahead log, for the person who repairs it.
    public var leavesAllSettled: Bool {
        if case .fault = self { false } else { !leavesCallsInFlight }
    }

    /// Whether calls are still out: closing their connections now would look like answers.
    public var leavesCallsInFlight: Bool {
        if case .stopped(let inFlight) = self { inFlight > 0 } else { false }
    }
}
