/// What a queue of the product holds before it is measured: jobs that are settled, with their rows in
/// the run log, and jobs that are queued for a distant day. They are written as plain SQL, and not
/// measured.
struct Past {
    let settled: Int
    let queued: Int

    var isEmpty: Bool { settled == 0 && queued == 0 }

    /// Puts them into a queue whose schema is there.
    func write(to path: String) throws {
        let database = try SQLiteConnection(path: path)
        try database.execute(
            """
            PRAGMA synchronous = OFF;
            BEGIN IMMEDIATE;
            INSERT INTO jobs (lead_id, converted_status, state, run_at, finished_at, attempts,
                result_account_id, result_contact_id, result_opportunity_id)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(settled)),
            ends (n, at) AS (
                SELECT n, strftime(
                    '%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%.3f seconds', (\(settled) - n) / 100.0))
                FROM numbers)
            SELECT printf('00QWp%010dMAA', n), 'Closed - Converted', 'converted', at, at, 1,
                '001Ws000002XyZaIAK', '003Ws000003PqRsIAK', '006Ws000004LmNoIAK'
            FROM ends WHERE \(settled) > 0;
            INSERT INTO run_log (job_id, lead_id, attempt, kind, started_at, finished_at,
                duration_ms, outcome, account_id, contact_id, opportunity_id)
            SELECT id, lead_id, 1, 'convert', finished_at, finished_at, 200, 'converted',
                result_account_id, result_contact_id, result_opportunity_id
            FROM jobs WHERE finished_at IS NOT NULL;
            INSERT INTO jobs (lead_id, converted_status, run_at)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(queued))
            SELECT printf('00QWf%010dMAA', n), 'Closed - Converted', '2999-01-01T00:00:00.000Z'
            FROM numbers WHERE \(queued) > 0;
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """)
    }
}
