import Conversion
import GRDB

/// The columns of `jobs` that a call needs, and a job made of them.
enum JobRow {
    /// A column, at its place in the query; a query may add its own behind them, by name.
    private enum Column: Int, CaseIterable {
        case id, leadID, convertedStatus, doNotCreateOpportunity, opportunityName, opportunityID
        case accountID, contactID, matchEmail, ownerID, overwriteLeadSource, sendNotificationEmail
        case groupKey, batchID, priority, policy, attempts, split, mayBeConverted
        case relatedPersonAccountID, matchAccount, duplicateContactID, joinsDuplicate
        case needsFallbackOwner, mayDropAccount
        case hasFollowUps, extra

        var sql: String {
            switch self {
            case .id: "jobs.id"
            case .leadID: "jobs.lead_id"
            case .convertedStatus: "jobs.converted_status"
            case .doNotCreateOpportunity: "jobs.do_not_create_opportunity"
            case .opportunityName: "jobs.opportunity_name"
            case .opportunityID: "jobs.opportunity_id"
            case .accountID: "jobs.account_id"
            case .contactID: "jobs.contact_id"
            case .matchEmail: "jobs.match_email"
            case .ownerID: "jobs.owner_id"
            case .overwriteLeadSource: "jobs.overwrite_lead_source"
            case .sendNotificationEmail: "jobs.send_notification_email"
            case .groupKey: "jobs.group_key"
            case .batchID: "jobs.batch_id"
            case .priority: "jobs.priority"
            case .policy:
                """
                coalesce(
                    jobs.policy, (SELECT policy FROM batches WHERE id = jobs.batch_id), 'default')
                """
            case .attempts: "jobs.attempts"
            case .split: "jobs.split"
            case .relatedPersonAccountID: "jobs.related_person_account_id"
            case .matchAccount: "jobs.match_account"
            case .duplicateContactID: "jobs.duplicate_contact_id"
            case .joinsDuplicate: "jobs.joins_duplicate"
            case .needsFallbackOwner: "jobs.needs_fallback_owner"
            case .mayDropAccount:
                """
                (jobs.joined_account = 1 OR jobs.matched_account IS 'account')
                    AND jobs.dropped_account_id IS NULL AND NOT \(Database.contactWasGiven)
                """
            case .mayBeConverted:
                """
                jobs.may_be_converted OR EXISTS (
                    SELECT 1 FROM jobs AS earlier
                    WHERE substr(earlier.lead_id, 1, 15) = substr(jobs.lead_id, 1, 15)
                        AND earlier.may_be_converted = 1)
                """
            case .hasFollowUps:
                "coalesce(jobs.after_set, jobs.note_body, jobs.task_subject) IS NOT NULL"
            case .extra: "jobs.extra"
            }
        }
    }

    /// One more than these can still be written down, whatever somebody has put there.
    static let mostAttempts = 999_999

    static let columns = Column.allCases.map(\.sql).joined(separator: ", ")

    /// - Throws: `MalformedRow` where the schema let an id through that is none.
    /// - Parameter takesExtra: Whether the transport has a place for a job's own inputs.
    static func job(
        _ row: Row, _ policies: [String: RetryPolicy], takesExtra: Bool = true
    ) throws(MalformedRow) -> ClaimedJob {
        func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(
            _ column: Column
        ) -> Value { row[column.rawValue] }
        func optional<Value: DatabaseValueConvertible & StatementColumnConvertible>(
            _ column: Column
        ) -> Value? { row[column.rawValue] }
        func id(_ column: Column, _ kind: RecordID.Kind) throws(MalformedRow) -> RecordID? {
            guard let text: String = optional(column) else { return nil }
            do {
                return try RecordID(text, of: kind)
            } catch {
                let batchID: Int64? = optional(.batchID)
                let policy = policies[value(.policy)] ?? RetryPolicy()
                throw MalformedRow(
                    id: value(.id), batchID: batchID, sentence: "\(column.sql): \(error)",
                    pausesBatch: policy.onFailure == .pause)
            }
        }
        guard let leadID = try id(.leadID, .lead) else {
            preconditionFailure("A job has a lead: its column is NOT NULL.")
        }
        var conversion = LeadConversion(leadID: leadID, convertedStatus: value(.convertedStatus))
        conversion.doNotCreateOpportunity = value(.doNotCreateOpportunity)
        conversion.opportunityName = optional(.opportunityName)
        conversion.opportunityID = try id(.opportunityID, .opportunity)
        conversion.accountID = try id(.accountID, .account)
        conversion.contactID = try id(.contactID, .contact)
        conversion.matchEmail = optional(.matchEmail)
        conversion.ownerID = try id(.ownerID, .user)
        // Like an opportunity's name, it is for the case that there is one.
        let makesContact = conversion.matchEmail != nil && conversion.contactID == nil
        conversion.overwriteLeadSource = value(.overwriteLeadSource) && !makesContact
        conversion.sendNotificationEmail = value(.sendNotificationEmail)
        conversion.relatedPersonAccountID = try id(.relatedPersonAccountID, .account)
        conversion.matchesAccount = value(.matchAccount)
        conversion.extra = optional(.extra)
        let policy = policies[value(.policy)] ?? RetryPolicy()
        guard takesExtra || conversion.extra == nil else {
            throw MalformedRow(
                id: value(.id), batchID: optional(.batchID), code: "EXTRA_NEEDS_ACTION",
                sentence:
                    "extra holds inputs for an Apex action, and leads are converted over SOAP, "
                    + "which has no place for them. Set SALESFORCE_TRANSPORT=action:NAME, or take extra "
                    + "out of the job; then retry.",
                pausesBatch: policy.onFailure == .pause)
        }
        let needsFallbackOwner: Bool = value(.needsFallbackOwner)
        if needsFallbackOwner, conversion.ownerID == nil {
            conversion.ownerID = policy.fallbackOwner
        }
        return ClaimedJob(
            id: value(.id), conversion: conversion, attempts: min(value(.attempts), mostAttempts),
            batchID: optional(.batchID), priority: value(.priority), split: optional(.split),
            policy: policy, groupKey: optional(.groupKey),
            mayBeConverted: value(.mayBeConverted),
            duplicateContactID: try id(.duplicateContactID, .contact),
            joinsDuplicate: value(.joinsDuplicate), needsFallbackOwner: needsFallbackOwner,
            mayDropAccount: value(.mayDropAccount), hasFollowUps: value(.hasFollowUps))
    }
}

/// A job that can't be sent as it stands.
struct MalformedRow: Error {
    var id: Int64
    var batchID: Int64?
    var code = "MALFORMED_ID"
    var sentence: String
    /// Whether its failure holds the rest of its batch.
    var pausesBatch: Bool
}
