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

    /// Whether the drain makes progress, as far as another start of it could tell.
    ///
    /// It does whenever a pass has come to its end, for only that makes a standing: its serial
    /// queue runs, and the pass said when the next one is due. So an outage, a spent allowance, a
    /// pause and a file that can't be written just now are progress: each is a wait with a next
    /// look ahead, which a restart would only begin again. It does not when a call is out for much
    /// longer than its timeout: that slot is gone until the process is.
    public func isProgress(callTimeoutMS: Int64) -> Bool {
        guard let oldestCallAt else { return true }
        return at.since(oldestCallAt) <= callTimeoutMS + Self.graceMS
    }
}
