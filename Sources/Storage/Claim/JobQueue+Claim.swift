import Conversion
import GRDB

extension JobQueue {
    /// Puts jobs into a call: in one transaction, on disk before it returns, the jobs are
    /// `sending`, the call and a run-log row for each are there, and the call's token is spent.
    ///
    /// At one priority each call is shared equally among the batches that have leads due, what one
    /// can't use goes to the others, and leads without a batch count as one batch; within a batch
    /// the order is priority, `run_at`, number. Not offered are jobs of an account, or of a group,
    /// that another call may still be writing to. `choose` says which of the offered travel
    /// together; a batch none of whose jobs may travel leaves its share to those that do.
    /// - Parameter rotation: Whose turn it is; the call says whose it is after it.
    /// - Returns: nil when no job can be sent now.
    public func claim(
        upTo size: Int, _ start: CallStart, from rotation: Rotation = Rotation(),
        choosing choose: ([ClaimedJob]) -> [ClaimedJob]
    ) throws -> ClaimedCall? {
        try claim(.toSend, upTo: size, at: start.at.wall, from: rotation, choosing: choose) {
            database, jobs, rotation in
            var (start, jobs) = (start, jobs)
            if jobs.first?.split != nil { start.size?.reason = .half }
            let callID = try database.begin(.convert, size: jobs.count, start)
            let first = try database.send(jobs.map(\.id), in: callID, at: start.at.wall)
            for index in jobs.indices { jobs[index].entry = first + Int64(index) }
            return ClaimedCall(id: callID, jobs: jobs, rotation: rotation)
        }
    }

    /// Selects jobs and has them claimed, in one transaction. Where very many are in the way, it
    /// puts those aside in transactions of their own before, between which others can write.
    func claim<Call>(
        _ kind: WorkKind, upTo size: Int, at now: Timestamp, from rotation: Rotation,
        choosing choose: ([ClaimedJob]) -> [ClaimedJob],
        _ claim: (Database, [ClaimedJob], Rotation) throws -> Call
    ) throws -> Call? {
        while true {
            var isUnfinished = false
            let call = try write { database -> Call? in
                try database.takeUp(size, at: now)
                let selector = FairSelector(
                    database: database, kind: kind, policies: try database.policies(),
                    rotation: rotation, now: now)
                let selected = try selector.select(size)
                if case .unfinished = selected { isUnfinished = true }
                guard case .jobs(let offered) = selected else { return nil }
                var jobs = choose(offered)
                if jobs.count < size, let queues = jobs.lanes(unlike: offered),
                    case .jobs(let more) = try selector.select(size, from: queues)
                {
                    jobs = choose(more)
                }
                var rotation = rotation
                rotation.advance(past: offered, taking: jobs)
                return try claim(database, jobs, rotation)
            }
            if !isUnfinished { return call }
        }
    }
}

extension [ClaimedJob] {
    /// The lanes of these, unless they are all the lanes of those.
    fileprivate func lanes(unlike offered: [ClaimedJob]) -> Set<Lane>? {
        let lanes = Set(map(\.lane))
        return offered.allSatisfy { lanes.contains($0.lane) } ? nil : lanes
    }
}

extension Database {
    /// - Returns: The number of the first job's row in the run log; the others' follow it.
    fileprivate func send(
        _ jobs: [Int64], in callID: Int64, at now: Timestamp
    ) throws -> Int64 {
        // OR ROLLBACK, for a broken rule undoes the transaction anyway: knowing that, SQLite keeps
        // no journal of its own for the statement.
        let sql = """
            UPDATE OR ROLLBACK jobs SET state = 'sending', call_id = ?, updated_at = ?
            WHERE id IN (SELECT value FROM json_each(?))
            """
        try cachedStatement(sql: sql).execute(arguments: [callID, now.description, jobs.json])
        return try openLog(.convert, of: jobs, in: callID, at: now)
    }
}
