public import Dispatch

/// Runs an actor on a serial Dispatch queue, so that timers and other sources on that queue fire
/// inside the actor.
public final class QueueExecutor: SerialExecutor {
    public let queue: DispatchQueue

    /// A queue of its own, labelled so.
    public init(_ label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs a job of the actor.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    /// Traps when this is not the queue.
    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
