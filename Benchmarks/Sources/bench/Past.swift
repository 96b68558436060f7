import Foundation

/// What a queue of the product holds before it is measured: jobs that are settled, with their batches,
/// their calls and their rows in the run log, and jobs that are queued for a distant day. It is
/// written as plain SQL, without the triggers, and not measured.
struct Past {
    let settled: Int
    let queued: Int

    var isEmpty: Bool { settled == 0 && queued == 0 }

    /// Puts them into a queue whose schema is there. A batch has ten thousand jobs, a call a hundred, and
    /// each hundredth job has failed.
    func write(to path: String) throws {
        let database = try SQLiteConnection(path: path)
        try database.leaveTriggersOut()
        try database.execute(
            """
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -20000;
            BEGIN IMMEDIATE;
            INSERT INTO batches (name, total, finished_at)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE (n + 1) * 10000 < \(settled))
            SELECT 'batch ' || n, min(10000, \(settled) - n * 10000), '2026-11-22T00:00:00.000Z'
            FROM numbers WHERE \(settled) > 0;
            INSERT INTO calls (kind, size, started_at, finished_at, duration_ms, http_status, boot_id,
                uptime_ms, log_id)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE (n + 1) * 100 < \(settled)),
            ends (n, at) AS (
                SELECT n, strftime(
                    '%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%d seconds', \(settled) / 100 - n))
                FROM numbers)
            SELECT 'convert', 100, at, at, 200, 200, 'past', n * 1000, n * 100 + 1
            FROM ends WHERE \(settled) > 0;
            INSERT INTO jobs (lead_id, converted_status, state, run_at, created_at, updated_at,
                finished_at, attempts, batch_id, position, call_id, log_id, error_code, error_message,
                result_account_id, result_contact_id, result_opportunity_id)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(settled)),
            ends (n, at, state) AS (
                SELECT n, strftime(
                    '%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%.3f seconds', (\(settled) - n) / 100.0)),
                    iif(n % 100 = 7, 'failed', 'converted')
                FROM numbers)
            SELECT printf('00QWp%010dMAA', n), 'Closed - Converted', state, at, at, at, at, 1,
                1 + n / 10000, 1 + n % 10000, 1 + n / 100, iif(state = 'failed', NULL, n + 1),
                iif(state = 'failed', 'INVALID_STATUS', NULL), iif(state = 'failed', 'no', NULL),
                iif(state = 'failed', NULL, printf('001Ws%010dAAA', n)),
                iif(state = 'failed', NULL, printf('003Ws%010dAAA', n)),
                iif(state = 'failed', NULL, printf('006Ws%010dAAA', n))
            FROM ends WHERE \(settled) > 0;
            INSERT INTO run_log_rows (id, job_id, lead_id, batch_id, attempt, call_id, kind,
                started_at, finished_at, duration_ms, outcome, code, message)
            SELECT id, id, lead_id, batch_id, 1, call_id, 'convert', finished_at, finished_at, 200,
                state, error_code, error_message
            FROM jobs WHERE state = 'failed';
            INSERT INTO jobs (lead_id, converted_status, run_at, deferred_for)
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(queued))
            SELECT printf('00QWf%010dMAA', n), 'Closed - Converted', '2999-01-01T00:00:00.000Z',
                'time'
            FROM numbers WHERE \(queued) > 0;
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """)
    }
}
