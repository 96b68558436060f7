public import Conversion
import GRDB

/// Which jobs an operator means.
public enum JobSelection: Sendable {
    /// The job of this number.
    case job(Int64)
    /// The latest job of this lead.
    case lead(RecordID)
    case batch(String)
    case all(JobState)
    /// All that failed with this code: of this batch, and in this part, if one is named.
    case failed(code: String, batch: String? = nil, part: FailedPart? = nil)
}

extension JobSelection: CustomStringConvertible {
    /// As `operations.target` tells it.
    public var description: String {
        switch self {
        case .job(let number): "job \(number)"
        case .lead(let lead): "lead \(lead)"
        case .batch(let name): "batch \(name)"
        case .all(let state): "all \(state.rawValue)"
        case .failed(let code, let batch, let part):
            "code \(code)" + (part == .followUp ? " after the conversion" : "")
                + (batch.map { " of batch \($0)" } ?? "")
        }
    }
}

/// One of them.
struct SelectedJob {
    let id: Int64
    let state: JobState
    let batchID: Int64?
    let hasFailedFollowUp: Bool
    /// Whether it failed because nobody said what its call had done.
    let isInDoubt: Bool
}

extension Database {
    /// Gives the jobs that are meant one by one: a batch may have ten million.
    func select(_ selection: JobSelection, _ body: (SelectedJob) -> Void) throws {
        switch selection {
        case .job(let number):
            try one("id = ?", [number], missing: "job \(number)", body)
        case .lead(let lead):
            try one(
                "id IN (SELECT job FROM jobs_of_leads WHERE lead = ?)",
                [lead.short],
                missing: "job for lead \(lead)", body)
        case .batch(let name):
            try many("batch_id = ?", [existingBatch(name)], body)
        case .all(.failed):
            try many("state = 'failed'", [], body)
            try many("after_code IS NOT NULL", [], body)
        case .all(let state):
            try many(state.condition, [], body)
        case .failed(let code, let name, let part):
            try failed(code, of: name.map(existingBatch), part, body)
        }
    }

    private func failed(
        _ code: String, of batch: Int64?, _ part: FailedPart?, _ body: (SelectedJob) -> Void
    ) throws {
        let arguments: StatementArguments = [code, batch]
        if part != .followUp {
            let ofBatch = batch == nil ? "?2 IS NULL" : "batch_id = ?2"
            try many("state = 'failed' AND error_code = ?1 AND \(ofBatch)", arguments, body)
        }
        if part != .conversion {
            try many("after_code = ?1 AND (?2 IS NULL OR batch_id = ?2)", arguments, body)
        }
    }

    /// Those that are still there.
    func jobs(_ numbers: [Int64]) throws -> [SelectedJob] {
        var jobs: [SelectedJob] = []
        try many("id IN (SELECT value FROM json_each(?))", [numbers.json]) { jobs.append($0) }
        return jobs
    }

    private func one(
        _ condition: String, _ arguments: StatementArguments, missing: String,
        _ body: (SelectedJob) -> Void
    ) throws {
        var isThere = false
        try many("\(condition) ORDER BY id DESC LIMIT 1", arguments) { job in
            isThere = true
            body(job)
        }
        guard isThere else { throw try noSuch(missing) }
    }

    private func many(
        _ condition: String, _ arguments: StatementArguments, _ body: (SelectedJob) -> Void
    ) throws {
        let sql = """
            SELECT id, state, batch_id, after_code IS NOT NULL AS has_failed_follow_up,
                coalesce(error_code IN ('LEAD_IN_DOUBT', 'LEAD_NOT_VISIBLE', 'ROW_REFUSED'), 0)
                    AND call_id IS NOT NULL AS is_in_doubt
            FROM jobs WHERE \(condition)
            """
        let rows = try Row.fetchCursor(self, sql: sql, arguments: arguments)
        while let row = try rows.next() {
            body(
                SelectedJob(
                    id: row["id"], state: JobState(rawValue: row["state"]) ?? .failed,
                    batchID: row["batch_id"], hasFailedFollowUp: row["has_failed_follow_up"],
                    isInDoubt: row["is_in_doubt"]))
        }
    }
}
