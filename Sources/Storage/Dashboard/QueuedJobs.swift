import GRDB

/// The queued jobs in the order in which calls take them: first those that can be sent, then those
/// whose contact is to be searched for, those whose account is, those put aside until something is free,
/// and those of a later time.
///
/// Each of five indexes has a part of that order, and no more rows are read than a page shows.
enum QueuedJobs {
    private static let order = "priority DESC, coalesce(batch_id, 0), run_at, id"
    private static let parts = [
        waiting(.toSend), waiting(.toSearch(.contact)), waiting(.toSearch(.account)), aside, later,
    ]
    private static let aside = """
        SELECT id FROM \(WorkKind.putAside)
        ORDER BY deferred_for, \(order)
        """
    private static let later = """
        SELECT id FROM \(WorkKind.later) ORDER BY run_at, id
        """

    /// The numbers of all of them.
    static let all = joined(parts[...])

    /// The numbers of those that follow a job, which has moved on since if need be: its columns
    /// `part`, `priority`, `batch`, `subject` and `id` are named arguments, and so is its `time`.
    static func after(part: Int) -> String {
        let rest =
            switch part {
            case 0: rest(.toSend)
            case 1: rest(.toSearch(.contact))
            case 2: rest(.toSearch(.account))
            case 3:
                rest(.deferred(subject: "")) + [
                    """
                    SELECT id FROM \(WorkKind.putAside)
                        AND deferred_for > :subject
                    ORDER BY deferred_for, \(order)
                    """
                ]
            default:
                [
                    """
                    SELECT id FROM \(WorkKind.later) AND (run_at, id) > (:time, :id)
                    ORDER BY run_at, id
                    """
                ]
            }
        return joined(rest + parts[min(part + 1, parts.count)...])
    }

    /// Where a job stands in that order.
    static let place = """
        SELECT id, priority, coalesce(batch_id, 0) AS batch, deferred_for AS subject,
            CASE WHEN deferred_for = 'time' THEN 4 WHEN deferred_for IS NOT NULL THEN 3
                WHEN NOT \(WorkKind.hasContact) THEN 1
                WHEN match_account = 1 AND account_id IS NULL AND matched_account IS NULL THEN 2
                ELSE 0 END AS part
        FROM jobs WHERE id = ?
        """

    private static func waiting(
        _ kind: WorkKind, _ condition: String = "1", by order: String = order
    ) -> String {
        """
        SELECT id FROM \(kind.rows) AND \(condition) ORDER BY \(order)
        """
    }

    /// What follows in the same index: in the same batch, in those after it, at lower priorities.
    private static func rest(_ kind: WorkKind) -> [String] {
        [
            waiting(
                kind,
                """
                priority = :priority AND coalesce(batch_id, 0) = :batch
                    AND (run_at, id) > (:time, :id)
                """, by: "run_at, id"),
            waiting(kind, "priority = :priority AND coalesce(batch_id, 0) > :batch"),
            waiting(kind, "priority < :priority"),
        ]
    }

    private static func joined(_ selects: some Sequence<String>) -> String {
        selects.map { "SELECT id FROM (\($0))" }.joined(separator: "\nUNION ALL\n")
    }
}
