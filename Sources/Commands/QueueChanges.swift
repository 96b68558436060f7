import Dispatch
import Storage

/// Waits until somebody else has changed the queue.
struct QueueChanges {
    private let queue: JobQueue
    private let isTimeToLook = DispatchSemaphore(value: 0)
    private let watcher: ChangeWatcher?
    private var version: Int64?

    /// From now on.
    init(of queue: JobQueue) {
        self.queue = queue
        watcher = ChangeWatcher(
            path: queue.path, queue: DispatchQueue(label: "changes"),
            look: { [isTimeToLook] in _ = isTimeToLook.signal() }
        )
    }

    /// Returns when there was a change since the last time, or, the first time, at once.
    /// - Parameter end: When to give up; nil is never.
    /// - Returns: False where there was no change until then.
    @discardableResult
    mutating func wait(until end: ContinuousClock.Instant? = nil) throws -> Bool {
        var now = try queue.dataVersion()
        while now == version {
            if let end, ContinuousClock.now >= end { return false }
            // A file system may bring no event, so nobody relies on them alone.
            _ = isTimeToLook.wait(timeout: .now() + .seconds(1))
            now = try queue.dataVersion()
        }
        version = now
        return true
    }
}
