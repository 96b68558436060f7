import Conversion
import GRDB

// A claim passes over what can't go now. Where there is much of that it is put aside, out of the index
// that claims read, and taken up again once its time has come or its account, group or address is free.
extension Database {
    /// So many whose time has come are taken up by one claim.
    private static let mostAtOnce = 10_000

    /// Very many leads may be of one account: they are written by one statement.
    func putAside(_ jobs: [(id: Int64, subject: String)]) throws {
        let sql = """
            UPDATE jobs SET deferred_for = ? WHERE id IN (SELECT value FROM json_each(?))
            """
        for (subject, jobs) in Dictionary(grouping: jobs, by: \.subject) {
            try cachedStatement(sql: sql).execute(with: subject, jobs.map(\.id).json)
        }
    }

    /// What a job whose time has changed is put aside for, as SQL: what a trigger does for others' jobs. On
    /// the daemon's connection there are none.
    static func deferred(until time: String, at now: String) -> String {
        "CASE WHEN \(time) > \(now) THEN 'time' ELSE deferred_for END"
    }

    /// Takes up again what need not stay aside: of an account, a group or an address no more than a
    /// call carries, since the next call that takes one of them keeps the others waiting again. What a
    /// claim of another kind has put aside is for the next of that kind: taken up here it would only have
    /// to be put aside again.
    /// - Parameter isCareful: Whether a job whose row breaks a rule is to fail, and not the claim.
    func takeUp(
        _ size: Int, of kind: WorkKind, at moment: ClaimMoment, carefully isCareful: Bool
    ) throws {
        try forgetOldMatches(at: moment, carefully: isCareful)
        try takeUpDue(at: moment.now)
        for subject in try subjects()
        where try kind.waitsFor(subject) && !isBusy(subject, at: moment) {
            let selector = FairSelector(
                database: self, kind: .deferred(subject: subject), policies: [:],
                cursor: RoundRobinCursor(), moment: moment)
            try takeUp(try selector.ids(size))
        }
    }

    /// What jobs were put aside for, each once, but for their time.
    private func subjects() throws -> [String] {
        let next = """
            SELECT deferred_for FROM \(WorkKind.putAside)
                AND deferred_for
            """
        let sql = """
            WITH RECURSIVE subjects (name) AS (
                SELECT (\(next) >= '' ORDER BY deferred_for LIMIT 1)
                UNION ALL
                SELECT (\(next) > subjects.name ORDER BY deferred_for LIMIT 1)
                FROM subjects WHERE name IS NOT NULL)
            SELECT name FROM subjects WHERE name IS NOT NULL
            """
        return try String.fetchAll(cachedStatement(sql: sql))
    }

    private func isBusy(_ subject: String, at moment: ClaimMoment) throws -> Bool {
        guard let kind = Subject(of: subject) else { return false }
        let name = "substr(:subject, \(kind.rawValue.count + 2))"
        var arguments = moment.arguments
        arguments["subject"] = subject
        return try Bool.fetchOne(
            cachedStatement(sql: "SELECT \(kind.isBusy(name))"),
            arguments: StatementArguments(arguments)) ?? false
    }

    private func takeUpDue(at now: Timestamp) throws {
        let sql = """
            UPDATE jobs SET deferred_for = NULL
            WHERE id IN (
                SELECT id FROM \(WorkKind.later) AND run_at <= ?
                ORDER BY run_at LIMIT ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [now.description, Self.mostAtOnce])
    }

    private func takeUp(_ jobs: [Int64]) throws {
        let sql = """
            UPDATE jobs SET deferred_for = NULL WHERE id IN (SELECT value FROM json_each(?))
            """
        try cachedStatement(sql: sql).execute(arguments: [jobs.json])
    }
}
