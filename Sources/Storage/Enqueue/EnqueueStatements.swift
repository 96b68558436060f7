import Conversion
import GRDB

/// The statements that insert rows, one or many at once: each that runs opens all the table's indexes,
/// which takes a third of a row's time.
struct EnqueueStatements {
    let one: Statement
    let many: Statement

    /// How many are inserted by one statement.
    static let many = 50
    private static let shared = 7
    private static let perRow = 15

    /// Inserts so many rows. First come the values that all of them share, then those of each row.
    static func sql(rows: Int) -> String {
        let values = (0..<rows).map { row in
            let own = (1...perRow).map { "?\(shared + row * perRow + $0)" }
            return "(\(own.joined(separator: ", ")), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
        }
        // Only a second unsettled job is skipped: a row that breaks another rule must be heard.
        return """
            INSERT INTO jobs (lead_id, converted_status, do_not_create_opportunity,
                opportunity_name, opportunity_id, account_id, contact_id, owner_id,
                overwrite_lead_source, send_notification_email, position, group_key, match_email,
                match_account, related_person_account_id, batch_id, policy, priority, run_at,
                state, deferred_for, created_at, updated_at)
            VALUES \(values.joined(separator: ", "))
            ON CONFLICT (substr(lead_id, 1, 15), superseded) DO NOTHING
            """
    }
}

extension LeadConversion {
    /// Whether it asks for nothing but its conversion.
    var isPlain: Bool { followUps == nil && extra == nil }

    var mayJoinGroup: Bool { groupKey != nil && accountID == nil }

    func bind(to binder: inout StatementBinder, position: Int64?) {
        binder.bind(leadID.description)
        binder.bind(convertedStatus)
        binder.bind(doNotCreateOpportunity)
        binder.bind(opportunityName)
        binder.bind(opportunityID?.description)
        binder.bind(accountID?.description)
        binder.bind(contactID?.description)
        binder.bind(ownerID?.description)
        binder.bind(overwriteLeadSource)
        binder.bind(sendNotificationEmail)
        binder.bind(position)
        binder.bind(groupKey)
        binder.bind(matchEmail)
        binder.bind(matchesAccount && groupKey != nil)
        binder.bind(relatedPersonAccountID?.description)
    }
}

/// The times of jobs that are enqueued together.
struct EnqueueTimes {
    let runAt: String
    let createdAt: String
    /// Jobs of a later time are put aside at once, as a trigger does with those of others.
    var deferredFor: String? { runAt > createdAt ? "time" : nil }

    init(_ runAt: Timestamp, _ database: Database) throws {
        self.runAt = runAt.description
        let sql = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        createdAt = try String.fetchOne(database, sql: sql) ?? self.runAt
    }
}
