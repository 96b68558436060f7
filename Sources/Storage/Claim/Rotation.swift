/// Where the batches' turns go on: at each priority, with the batch that is next.
///
/// Kept in memory only: a daemon that starts anew begins with the jobs that have no batch.
public struct Rotation: Sendable, Equatable {
    private var next: [Int64: Int64] = [:]
    /// Priorities that are remembered, lest one for each lead fill the memory.
    private static let most = 1000

    /// The first turn is that of the jobs without a batch.
    public init() {}

    func first(at priority: Int64) -> Int64 { next[priority] ?? .min }

    /// Next is the first that was offered and could not travel; if all could, who follows the last
    /// that did. So whoever has to stay behind heads a call soon.
    mutating func advance(past offered: [ClaimedJob], taking jobs: [ClaimedJob]) {
        if next.count > Self.most { next = [:] }
        for job in jobs { next[job.priority] = job.lane.batch &+ 1 }
        let served = Set(jobs.map(\.lane))
        for job in offered.reversed() where !served.contains(job.lane) {
            next[job.priority] = job.lane.batch
        }
    }
}

/// The jobs of one batch at one priority, in their order; those without a batch make one, too.
struct Lane: Hashable {
    var priority: Int64
    /// The batch's number; 0 is none.
    var batch: Int64
}

extension ClaimedJob {
    var lane: Lane { Lane(priority: priority, batch: batchID ?? 0) }
}
