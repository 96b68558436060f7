import Conversion
import GRDB

// Nearly all leads are converted by the first call, and nothing else follows from it. Those are
// settled together, by one statement for a call, and their jobs' rows are their rows in the run log, too.

extension [Settlement] {
    /// Those that only say that the call converted the lead, and the others.
    func plainConversions(by callID: Int64) -> (plain: [Settlement], others: [Settlement]) {
        var (plain, others): ([Settlement], [Settlement]) = ([], [])
        for settlement in self {
            if settlement.isPlainConversion(by: callID) {
                plain.append(settlement)
            } else {
                others.append(settlement)
            }
        }
        return (plain, others)
    }
}

extension Settlement {
    /// Whether it is what `init(_:in:_:to:)` makes of a lead that the call converted, and no more: then
    /// the jobs of the call differ in nothing but their records and attempts.
    fileprivate func isPlainConversion(by callID: Int64) -> Bool {
        guard outcome == .converted, to == .converted, from == .sending, sentIn == callID,
            records != nil, groupKey == nil, !pausesBatch, split == nil
        else { return false }
        return reason == nil && jobReason == nil && backoffMS == nil && nextRunAt == nil
            && doubt == nil && relatedJobsWaitUntil == nil && afterReason == nil
            && redirection == nil
    }
}

extension Database {
    /// Whether none of the jobs of a call has moved on.
    func areSending(_ jobs: [Settlement], in callID: Int64) throws -> Bool {
        guard !jobs.isEmpty else { return true }
        let sql = """
            SELECT count(*) FROM json_each(?) AS given
            CROSS JOIN jobs ON jobs.id = given.value
            WHERE state = 'sending' AND call_id = ? AND log_id IS NOT NULL
            """
        let count = try Int.fetchOne(
            cachedStatement(sql: sql), arguments: [jobs.map(\.jobID).json, callID])
        return count == jobs.count
    }

    /// Settles plain conversions of one call; with the call's end that is in the run log, too.
    func convert(_ jobs: [Settlement], _ end: CallEnd) throws {
        guard !jobs.isEmpty else { return }
        let sql = jobs.count == 100 ? Self.conversionOfAHundred : Self.conversion(of: jobs.count)
        try cachedStatement(sql: sql).execute { binder in
            binder.bind(end.at.wall.description)
            for job in jobs {
                binder.bind(job.jobID)
                binder.bind(job.attempts)
                binder.bind(job.records?.accountID)
                binder.bind(job.records?.contactID)
                binder.bind(job.records?.opportunityID)
            }
        }
    }

    /// Most calls carry so many: to write its SQL takes longer than to run it for five leads.
    private static let conversionOfAHundred = conversion(of: 100)

    private static func conversion(of jobs: Int) -> String {
        // The columns of a VALUES have no other names. A JSON array of all this would be read again
        // for each value.
        let rows = (0..<jobs).map { row in
            "(\((1...5).map { "?\(row * 5 + $0 + 1)" }.joined(separator: ", ")))"
        }
        return """
            UPDATE OR ROLLBACK jobs SET
                state = 'converted', attempts = given.column2, doubt = NULL,
                error_code = NULL, error_message = NULL, result_account_id = given.column3,
                result_contact_id = given.column4, result_opportunity_id = given.column5,
                updated_at = ?1, finished_at = ?1
            FROM (VALUES \(rows.joined(separator: ", "))) AS given
            WHERE jobs.id = given.column1
            """
    }
}
