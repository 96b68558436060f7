/// Where the batches' turns go on: at each priority, with the batch that is next.
///
/// Kept in memory only: a daemon begins with the jobs that have no batch.
public struct RoundRobinCursor: Sendable, Equatable {
    private var next: [Int64: Int64] = [:]
    /// Priorities that are remembered: one for each lead would fill the memory.
    private static let most = 1000

    /// The first turn is that of the jobs without a batch.
    public init() {}

    func first(at priority: Int64) -> Int64 { next[priority] ?? .min }

    /// Next is the first that was offered and could not travel; if all could, who follows the last
    /// that did. So whoever has to stay behind heads a call soon.
    mutating func advance(past offered: [ClaimedJob], taking jobs: [ClaimedJob]) {
        if next.count > Self.most { next = [:] }
        for job in jobs { next[job.priority] = job.queue.batch &+ 1 }
        let served = Set(jobs.map(\.queue))
        for job in offered.reversed() where !served.contains(job.queue) {
            next[job.priority] = job.queue.batch
        }
    }
}

/// The jobs of one batch at one priority, in their order; those without a batch make one, too.
struct BatchQueue: Hashable {
    var priority: Int64
    /// The batch's number; 0 is none.
    var batch: Int64
}

extension ClaimedJob {
    var queue: BatchQueue { BatchQueue(priority: priority, batch: batchID ?? 0) }
}
