import Conversion
import GRDB

/// The columns of `jobs` that a call needs, and a job made of them.
enum JobRow {
    static let columns = """
        jobs.id, jobs.lead_id, jobs.converted_status, jobs.do_not_create_opportunity,
        jobs.opportunity_name, jobs.opportunity_id, jobs.account_id, jobs.contact_id,
        jobs.owner_id, jobs.overwrite_lead_source, jobs.send_notification_email,
        jobs.attempts, jobs.batch_id, jobs.split,
        coalesce(jobs.policy, (SELECT policy FROM batches WHERE id = jobs.batch_id), 'default'),
        jobs.group_key, jobs.priority, jobs.match_email,
        jobs.may_be_converted OR EXISTS (
            SELECT 1 FROM jobs AS earlier
            WHERE substr(earlier.lead_id, 1, 15) = substr(jobs.lead_id, 1, 15)
                AND earlier.may_be_converted)
        """
    /// How many columns that is; a query may add its own behind them.
    static let count = 19

    /// - Throws: `MalformedRow` where the schema let an id through that is none.
    static func job(_ row: Row, _ policies: [String: RetryPolicy]) throws(MalformedRow)
        -> ClaimedJob
    {
        let leadID: String = row[1]
        do {
            var conversion = LeadConversion(
                leadID: try RecordID(leadID, of: .lead), convertedStatus: row[2])
            conversion.doNotCreateOpportunity = row[3]
            conversion.opportunityName = row[4]
            conversion.opportunityID = try id(row[5], "opportunity_id", .opportunity)
            conversion.accountID = try id(row[6], "account_id", .account)
            conversion.contactID = try id(row[7], "contact_id", .contact)
            conversion.matchEmail = row[17]
            conversion.ownerID = try id(row[8], "owner_id", .user)
            // Like an opportunity's name, it is for the case that there is one.
            let isNew = conversion.matchEmail != nil && conversion.contactID == nil
            conversion.overwriteLeadSource = row[9] && !isNew
            conversion.sendNotificationEmail = row[10]
            return ClaimedJob(
                id: row[0], conversion: conversion, attempts: row[11], batchID: row[12],
                priority: row[16], split: row[13], policy: policies[row[14]] ?? RetryPolicy(),
                groupKey: row[15], mayBeConverted: row[18])
        } catch let error as MalformedField {
            throw MalformedRow(row, policies, "\(error.name): \(error.error)")
        } catch {
            throw MalformedRow(row, policies, "lead_id: \(error)")
        }
    }

    private static func id(_ text: String?, _ name: String, _ kind: RecordID.Kind) throws
        -> RecordID?
    {
        do {
            return try text.map { text throws(MalformedRecordID) in try RecordID(text, of: kind) }
        } catch {
            throw MalformedField(name: name, error: error)
        }
    }

    private struct MalformedField: Error {
        var name: String
        var error: any Error
    }
}

/// A job that can't be sent as it stands.
struct MalformedRow: Error {
    var id: Int64
    var batchID: Int64?
    var sentence: String
    var pausesBatch: Bool

    init(_ row: Row, _ policies: [String: RetryPolicy], _ sentence: String) {
        id = row[0]
        batchID = row[12]
        pausesBatch = policies[row[14]]?.onFailure == .pause
        self.sentence = sentence
    }
}

extension Database {
    /// All retry policies by name: a handful of rows, read anew for each call so that a change
    /// applies to the next attempt.
    func policies() throws -> [String: RetryPolicy] {
        let sql = """
            SELECT name, max_attempts, base_delay_ms, factor, max_delay_ms, jitter, on_failure,
                allow_duplicates
            FROM policies
            """
        var policies: [String: RetryPolicy] = [:]
        let rows = try Row.fetchCursor(cachedStatement(sql: sql))
        while let row = try rows.next() {
            policies[row[0]] = RetryPolicy(
                maxAttempts: row[1], baseDelayMS: row[2], factor: row[3], maxDelayMS: row[4],
                jitter: row[5], onFailure: .init(rawValue: row[6]) ?? .carryOn,
                allowDuplicates: row[7])
        }
        return policies
    }
}
