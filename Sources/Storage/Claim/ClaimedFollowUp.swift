public import Conversion
import GRDB

/// A follow-up as the drain needs it to send it, or to ask about it, and to settle it.
public struct ClaimedFollowUp: Sendable {
    /// What is to be done.
    public enum Content: Sendable, Hashable {
        case set(FieldUpdate)
        /// A note or a task is to be made.
        case create(MarkedRecord)
    }

    /// Why one is in doubt; the words are those of `follow_ups.doubt`.
    public enum Doubt: String, Sendable {
        /// No clear answer came.
        case noAnswer = "no_answer"
        /// The daemon ended before the answer came.
        case crash
        /// An answer came that does not say what the call did: the call is over.
        case answered
        /// It waited while no daemon of this file ran; that of another copy of it may have sent it.
        case restart
    }

    public var id: Int64
    public var jobID: Int64
    /// Its open row in the run log; 0 before there is one.
    public var entry: Int64 = 0
    /// What is to be done.
    public var content: Content
    /// Attempts used so far.
    public var attempts: Int
    public var batchID: Int64?
    /// Higher goes first.
    public var priority: Int64
    /// The half of a failed call that it travels with, if any.
    public var split: Int64?
    /// How it is tried again.
    public var policy: RetryPolicy
    /// Why it is in doubt, if it is.
    public var doubt: Doubt?
    /// The call that it was in last, if it was in one.
    public var lastCallID: Int64?
    /// When that call started and how many it carried; nil once it was pruned.
    public var sent: (at: Moment, size: Int)?
    /// What was wrong with that call.
    public var reason: Reason?

    /// What is to be made, if it is that.
    public var record: MarkedRecord? {
        if case .create(let record) = content { record } else { nil }
    }

    /// What is to be set, if it is that.
    public var update: FieldUpdate? {
        if case .set(let update) = content { update } else { nil }
    }

    /// How much text it carries.
    var textBytes: Int {
        switch content {
        case .set(let update): update.fields.utf8.count
        case .create(let record):
            if case .note(let body) = record.content {
                record.text.utf8.count + body.utf8.count
            } else {
                record.text.utf8.count
            }
        }
    }
}

/// Follow-ups of one kind that are in a call now, or asked about.
public struct ClaimedFollowUps: Sendable {
    public var id: Int64
    public var kind: FollowUpKind
    /// They, in the order in which they are sent.
    public var followUps: [ClaimedFollowUp]

    /// The updates that are sent: what several leads set alike of one record is sent once for all.
    public var updates: [FieldUpdate] {
        var seen: Set<FieldUpdate> = []
        return followUps.compactMap(\.update).filter { seen.insert($0).inserted }
    }

    /// What became of each follow-up, by what became of each of `updates`.
    public func outcomes(of outcomes: [RecordOutcome]) -> [RecordOutcome] {
        let byUpdate = Dictionary(zip(updates, outcomes)) { first, _ in first }
        return followUps.compactMap { $0.update.flatMap { byUpdate[$0] } }
    }
}

/// The columns that a follow-up is made of, and one made of them.
enum FollowUpRow {
    static let columns = """
        follow_ups.id AS id, follow_ups.job_id AS job_id, follow_ups.kind AS kind,
        follow_ups.object AS object, follow_ups.record_id AS record_id,
        follow_ups.batch_id AS batch_id, follow_ups.priority AS priority,
        follow_ups.attempts AS attempts, follow_ups.split AS split, follow_ups.doubt AS doubt,
        follow_ups.call_id AS call_id, follow_ups.code AS code, follow_ups.message AS message,
        jobs.lead_id AS lead_id, jobs.note_title AS note_title, jobs.note_body AS note_body,
        jobs.note_on AS note_on, jobs.task_subject AS task_subject, jobs.task_due AS task_due,
        jobs.owner_id AS owner_id,
        coalesce(jobs.result_opportunity_id, jobs.result_account_id) AS what_id,
        CASE follow_ups.kind WHEN 'set' THEN
            (SELECT json(value) FROM json_each(jobs.after_set) WHERE key = follow_ups.object)
        END AS fields,
        coalesce(jobs.policy, (SELECT policy FROM batches WHERE id = jobs.batch_id), 'default')
            AS policy,
        calls.started_at AS started_at, calls.uptime_ms AS uptime_ms, calls.boot_id AS boot_id,
        calls.size AS size
        """
    /// Where they come from; a call is there once there was one.
    static let joins = """
        JOIN jobs ON jobs.id = follow_ups.job_id
        LEFT JOIN calls ON calls.id = follow_ups.call_id
        """

    /// - Throws: `MalformedRecordID` where the lead's id is none, which the schema keeps out.
    static func followUp(
        _ row: Row, _ policies: [String: RetryPolicy]
    ) throws -> ClaimedFollowUp {
        var followUp = ClaimedFollowUp(
            id: row["id"], jobID: row["job_id"], content: try content(row),
            attempts: min(row["attempts"], JobRow.mostAttempts), batchID: row["batch_id"],
            priority: row["priority"],
            split: row["split"], policy: policies[row["policy"]] ?? RetryPolicy())
        followUp.doubt = (row["doubt"] as String?).flatMap(ClaimedFollowUp.Doubt.init)
        if let code: String = row["code"] { followUp.reason = Reason(code, row["message"] ?? "") }
        followUp.lastCallID = row["call_id"]
        if (row["started_at"] as String?) != nil {
            followUp.sent = (row.moment("started_at"), row["size"])
        }
        return followUp
    }

    private static func content(_ row: Row) throws -> ClaimedFollowUp.Content {
        let recordID: String = row["record_id"]
        let lead = try RecordID(row["lead_id"] as String, of: .lead)
        switch FollowUpKind(rawValue: row["kind"]) {
        case .note:
            let body: String = row["note_body"] ?? ""
            let mark = FollowUpMark(lead, .note, [row["note_title"], body, row["note_on"]])
            let title: String = row["note_title"] ?? body.firstLine
            return .create(MarkedRecord(.note(body: body), on: recordID, title, mark: mark))
        case .task:
            let subject: String = row["task_subject"] ?? ""
            let mark = FollowUpMark(lead, .task, [subject, row["task_due"]])
            return .create(
                MarkedRecord(
                    .task(aboutID: row["what_id"], due: row["task_due"], ownerID: row["owner_id"]),
                    on: recordID, subject, mark: mark))
        case .set, nil:
            return .set(
                FieldUpdate(
                    object: row["object"], recordID: recordID, fields: row["fields"] ?? "{}"))
        }
    }
}

extension String {
    fileprivate var firstLine: String {
        split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
            ?? self
    }
}
