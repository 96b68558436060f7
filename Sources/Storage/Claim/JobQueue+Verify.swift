import Conversion
import GRDB

extension JobQueue {
    /// Puts jobs in doubt into a question to Salesforce, those that waited longest first; written
    /// before it leaves, like a call that converts.
    /// - Parameter choose: Which of those that are offered are asked about together; one at least.
    /// - Returns: nil when none is to be asked about now.
    public func claimQuestion(
        upTo size: Int, _ start: CallStart,
        choosing choose: ([DoubtfulJob]) -> [DoubtfulJob] = { $0 }
    ) throws -> ClaimedQuestion? {
        try write { database in
            let offered = try database.doubtful(size, start.at)
            guard !offered.isEmpty else { return nil }
            var jobs = choose(offered)
            let callID = try database.begin(.verify, size: jobs.count, start)
            let first = try database.openLog(
                .verify, of: jobs.map(\.job.id), in: callID, at: start.at.wall)
            for index in jobs.indices { jobs[index].job.entry = first + Int64(index) }
            return ClaimedQuestion(id: callID, jobs: jobs)
        }
    }
}

extension Database {
    fileprivate func doubtful(_ size: Int, _ now: Moment) throws -> [DoubtfulJob] {
        let sql = """
            SELECT \(JobRow.columns),
                jobs.doubt, jobs.call_id, jobs.error_code, jobs.error_message,
                calls.started_at, calls.uptime_ms, calls.boot_id, calls.size
            FROM jobs
            JOIN calls ON calls.id = jobs.call_id
            WHERE state = 'verifying' AND run_at <= ?
            ORDER BY run_at, jobs.id
            LIMIT ?
            """
        let policies = try policies()
        let statement = try cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: [now.wall.description, size])
        var jobs: [DoubtfulJob] = []
        var malformed: [MalformedRow] = []
        let own = JobRow.count
        while let row = try rows.next() {
            let wall = Timestamp(row[own + 4] as String) ?? Timestamp(milliseconds: 0)
            let job: ClaimedJob
            do throws(MalformedRow) {
                job = try JobRow.job(row, policies)
            } catch {
                malformed.append(error)
                continue
            }
            jobs.append(
                DoubtfulJob(
                    job: job,
                    doubt: DoubtfulJob.Doubt(rawValue: row[own]) ?? .noAnswer,
                    callID: row[own + 1],
                    sentAt: Moment(wall: wall, uptimeMS: row[own + 5], bootID: row[own + 6]),
                    callSize: row[own + 7],
                    reason: Reason(row[own + 2] ?? "NO_ANSWER", row[own + 3] ?? "")))
        }
        for row in malformed { try fail(row, asking: .verify, at: now.wall) }
        return jobs.isEmpty && !malformed.isEmpty ? try doubtful(size, now) : jobs
    }
}
