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
        try write { database in
            let deal = Deal(
                database: database, line: .toSend, policies: try database.policies(),
                rotation: rotation,
                now: start.at.wall)
            guard let offered = try deal.offer(size) else { return nil }
            var jobs = choose(offered)
            if jobs.count < size, let lanes = jobs.lanes(unlike: offered) {
                jobs = try deal.offer(size, to: lanes).map(choose) ?? jobs
            }
            var start = start
            if jobs.first?.split != nil { start.size?.reason = .half }
            let callID = try database.begin(.convert, size: jobs.count, start)
            let first = try database.send(jobs.map(\.id), in: callID, at: start.at.wall)
            for index in jobs.indices { jobs[index].entry = first + Int64(index) }
            var call = ClaimedCall(id: callID, jobs: jobs, rotation: rotation)
            call.rotation.advance(past: offered, taking: jobs)
            return call
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
            UPDATE OR ROLLBACK jobs SET state = 'sending', call_id = ?, updated_at = ?,
                delayed_by = NULL
            WHERE id IN (SELECT value FROM json_each(?))
            """
        try cachedStatement(sql: sql).execute(arguments: [callID, now.description, jobs.json])
        return try openLog(.convert, of: jobs, in: callID, at: now)
    }
}
