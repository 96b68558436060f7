public import Storage

extension JobQueue {
    /// Fills an empty queue as long use does: jobs in batches of a thousand, one in a hundred of
    /// them failed, two waiting, one cancelled and the rest converted; five log rows for each.
    ///
    /// Jobs have the numbers from 1, their leads those from 0; they end half a second apart.
    public func fill(jobs: Int) throws {
        try run(
            sql: """
                INSERT INTO batches (name)
                WITH RECURSIVE numbers (n) AS (
                    SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n * 1000 < \(jobs))
                SELECT 'batch ' || n FROM numbers;

                INSERT INTO jobs (lead_id, converted_status, batch_id, position, state, attempts,
                    call_id, error_code, error_message, run_at, finished_at)
                WITH RECURSIVE numbers (n) AS (
                    SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(jobs)),
                fates (n, state, at) AS (
                    SELECT n, CASE n % 100 WHEN 0 THEN 'failed' WHEN 1 THEN 'queued'
                            WHEN 2 THEN 'queued' WHEN 3 THEN 'cancelled' ELSE 'converted' END,
                        strftime('%Y-%m-%dT%H:%M:%fZ', 1790000000 + n / 2.0, 'unixepoch')
                    FROM numbers)
                SELECT printf('00QWs%010d', n), 'Qualified', n / 1000 + 1, n % 1000 + 1, state, 1,
                    n / 100 + 1, CASE state WHEN 'failed' THEN 'INVALID_STATUS' END,
                    CASE state WHEN 'failed' THEN 'invalid convertedStatus' END, at,
                    CASE WHEN state <> 'queued' THEN at END
                FROM fates;

                INSERT INTO run_log_rows (id, job_id, lead_id, batch_id, attempt, call_id, kind, started_at,
                    finished_at, duration_ms, outcome)
                WITH RECURSIVE attempts (n) AS (
                    SELECT 1 UNION ALL SELECT n + 1 FROM attempts WHERE n < 5)
                SELECT \(jobs) * (n - 1) + id, id, lead_id, batch_id, n, call_id, 'convert', run_at, run_at, 100,
                    CASE WHEN n < 5 OR state = 'queued' THEN 'retry' WHEN state = 'failed'
                        THEN 'failed' ELSE 'converted' END
                FROM attempts CROSS JOIN jobs;
                """)
    }
}
