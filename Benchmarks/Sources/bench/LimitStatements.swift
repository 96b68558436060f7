/// The statements that take a lead from queued to converted.
///
/// They repeat the queue's own on purpose: a limit drawn from the same source would sink with what
/// it is there to measure.
struct LimitStatements {
    let begin, commit, policies, offer, call, limiter, send, open, move, close, end: BareStatement

    init(_ database: BareSQLite) throws {
        begin = try database.prepare("BEGIN IMMEDIATE")
        commit = try database.prepare("COMMIT")
        policies = try database.prepare(
            """
            SELECT name, max_attempts, base_delay_ms, factor, max_delay_ms, jitter, on_failure,
                allow_duplicates
            FROM policies
            """)
        offer = try database.prepare(
            """
            SELECT id, lead_id, converted_status, do_not_create_opportunity, opportunity_name,
                opportunity_id, account_id, contact_id, owner_id, overwrite_lead_source,
                send_notification_email, attempts, batch_id, split,
                coalesce(policy, (SELECT policy FROM batches WHERE id = batch_id), 'default')
            FROM jobs INDEXED BY jobs_to_send
            WHERE state = 'queued' AND priority = 0 AND coalesce(batch_id, 0) = 0 AND run_at <= ?
                AND (account_id IS NULL OR NOT EXISTS (
                    SELECT 1 FROM jobs AS busy
                    WHERE substr(busy.account_id, 1, 15) = substr(jobs.account_id, 1, 15)
                        AND busy.account_id IS NOT NULL
                        AND busy.state IN ('sending', 'verifying')))
            ORDER BY run_at, id
            LIMIT 100
            """)
        call = try database.prepare(
            """
            INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms)
            VALUES ('convert', ?, ?, ?, 1)
            """)
        limiter = try database.prepare(
            """
            INSERT OR REPLACE INTO limiter (id, tokens, capacity, rate, at, uptime_ms, boot_id,
                usage_current, usage_limit, usage_at)
            VALUES (1, ?1, ?1, ?1, ?2, 1, ?3, 1, 1000000, ?2)
            """)
        send = try database.prepare(
            """
            UPDATE OR ROLLBACK jobs SET state = 'sending', call_id = ?, updated_at = ?
            WHERE id IN (SELECT value FROM json_each(?))
            """)
        open = try database.prepare(
            """
            INSERT OR ROLLBACK INTO run_log (job_id, lead_id, batch_id, attempt, call_id, kind,
                started_at)
            SELECT jobs.id, lead_id, batch_id, attempts + 1, ?, 'convert', ?
            FROM json_each(?) AS given
            CROSS JOIN jobs ON jobs.id = given.value
            """)
        move = try database.prepare(
            """
            UPDATE jobs SET state = 'converted', attempts = 1, result_account_id = ?1,
                result_contact_id = ?2, result_opportunity_id = ?3, updated_at = ?4,
                finished_at = ?4
            WHERE id = ?5 AND state = 'sending' AND call_id = ?6
            """)
        close = try database.prepare(
            """
            UPDATE run_log SET finished_at = ?, duration_ms = 1, outcome = 'converted',
                account_id = ?, contact_id = ?, opportunity_id = ?
            WHERE id = ?
            """)
        end = try database.prepare(
            """
            UPDATE calls SET finished_at = ?, duration_ms = 1, http_status = 200,
                usage_current = 1, usage_limit = 1000000
            WHERE id = ? AND finished_at IS NULL
            """)
    }
}
