public import Conversion

/// How the drain stands at the end of a pass: what its watchers are told.
public struct DrainStatus: Sendable, Equatable {
    /// When the pass ended.
    public var at: Moment
    /// Calls that are out.
    public var callsInFlight: Int
    /// When the one that has been out longest started.
    public var oldestCallAt: Moment?
    /// Whether the queue's file can't be written just now: it is locked, or its disk is full.
    public var isStorageFailing: Bool

    /// How far beyond its timeout a call may still be out before its answer counts as lost on the
    /// way to us, in milliseconds: a busy machine is late, and a suspended one stops its timers.
    private static let graceMS: Int64 = 60_000

    /// Whether the drain makes progress.
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
