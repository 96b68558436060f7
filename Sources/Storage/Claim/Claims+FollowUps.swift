public import Conversion
import GRDB

/// What there is to do of the follow-ups of one kind.
public struct FollowUpWork: Sendable, Equatable {
    /// Those that wait to be sent and whose time has come, counted as far as was asked.
    public var due = 0
    /// When the first of them was due.
    public var dueSince: Timestamp?

    /// Nothing to do.
    public init() {}
}

extension Claims {
    /// Looks at what is due of each kind, without a claim on it; counts up to `most`.
    public func followUpWork(
        at now: Moment, countingTo most: Int
    ) throws -> [FollowUpKind: FollowUpWork] {
        try store.read { database in
            let sql = """
                SELECT count(*) AS due, min(run_at) AS first_at FROM (
                    SELECT run_at FROM follow_ups INDEXED BY follow_ups_to_send
                    WHERE kind = :kind AND state = 'waiting' AND run_at <= :now
                    UNION ALL SELECT run_at FROM follow_ups INDEXED BY follow_ups_in_doubt
                    WHERE kind = :kind AND state = 'verifying' AND kind = 'set' AND run_at <= :now
                    LIMIT :most)
                """
            var work: [FollowUpKind: FollowUpWork] = [:]
            for kind in FollowUpKind.allCases {
                let row = try Row.fetchOne(
                    database.cachedStatement(sql: sql),
                    arguments: [
                        "kind": kind.rawValue, "now": now.wall.description, "most": most,
                    ])
                guard let row, row["due"] > 0 else { continue }
                var ofKind = FollowUpWork()
                ofKind.due = row["due"]
                // A time that can't be read has come.
                ofKind.dueSince = row.time("first_at") ?? Timestamp(milliseconds: 0)
                work[kind] = ofKind
            }
            return work
        }
    }

    /// Puts follow-ups of one kind into a call: in one transaction, which is on disk before the call leaves,
    /// they are `sending`, the call and a run-log row for each are there, and the call's token is spent.
    ///
    /// They are shared equally among the batches, as far as the next two thousand go, or 16 MB of
    /// their text. Not offered are
    /// updates of a record that another call is setting, or may be, nor those of an account into which
    /// a call may be converting. An update in doubt is offered again once its call is over.
    /// - Parameter failed: Those that go only where there is no other.
    /// - Returns: nil when none can be sent now.
    public func claimFollowUps(
        _ kind: FollowUpKind, upTo size: Int, _ start: CallStart, after failed: Set<Int64> = []
    ) throws -> ClaimedFollowUps? {
        try store.write(carefully: { database, isCareful in
            let offered = try database.followUpsToSend(kind, ClaimMoment(start))
            let others = offered.filter { !failed.contains($0.id) }
            var followUps = (others.isEmpty ? offered : others).selected(size)
            if isCareful {
                followUps = try database.failInvalidRows(among: followUps, at: start.at.wall)
            }
            guard let first = followUps.first else { return nil }
            var start = start
            if first.split != nil { start.size?.reason = .half }
            // Salesforce takes objects by turns in chunks, of which a call may have ten.
            followUps.sort { ($0.update?.object ?? "", $0.id) < ($1.update?.object ?? "", $1.id) }
            let callID = try database.begin(kind.callKind, size: followUps.count, start)
            let sql = """
                UPDATE OR ROLLBACK follow_ups SET state = 'sending', call_id = ?, doubt = NULL
                WHERE id IN (SELECT value FROM json_each(?))
                """
            try database.cachedStatement(sql: sql)
                .execute(arguments: [callID, followUps.map(\.id).json])
            try database.openLog(kind.callKind, of: &followUps, in: callID, at: start.at.wall)
            return ClaimedFollowUps(id: callID, kind: kind, followUps: followUps)
        })
    }

    /// Puts notes or tasks in doubt into a verification, those that waited longest first.
    /// - Parameter choose: Which of those that are offered are asked about together; one at least.
    /// - Returns: nil when none is to be asked about now.
    public func claimFollowUpVerification(
        upTo size: Int, _ start: CallStart,
        choosing choose: ([ClaimedFollowUp]) -> [ClaimedFollowUp]
    ) throws -> ClaimedFollowUps? {
        try store.write(carefully: { database, isCareful in
            for kind in try database.kindsInDoubt(at: start.at) {
                let offered = try database.followUpsInDoubt(kind, size, start.at)
                var followUps = offered.isEmpty ? [] : choose(offered)
                if isCareful {
                    followUps = try database.failInvalidRows(among: followUps, at: start.at.wall)
                }
                guard !followUps.isEmpty else { continue }
                let callID = try database.begin(.verify, size: followUps.count, start)
                try database.openLog(.verify, of: &followUps, in: callID, at: start.at.wall)
                return ClaimedFollowUps(id: callID, kind: kind, followUps: followUps)
            }
            return nil
        })
    }
}

extension Database {
    /// Rows that one claim looks at.
    private static let window = 2000
    /// Bytes of text that one claim reads: notes may be long.
    private static let mostTextBytes = 16 << 20

    /// Notes and tasks, those first that have waited longest: of one kind every verification may fail.
    fileprivate func kindsInDoubt(at now: Moment) throws -> [FollowUpKind] {
        let sql = """
            SELECT run_at FROM follow_ups INDEXED BY follow_ups_in_doubt
            WHERE kind = ? AND state = 'verifying' AND run_at <= ? ORDER BY run_at LIMIT 1
            """
        return try [FollowUpKind.note, .task].compactMap { kind in
            try String.fetchOne(
                cachedStatement(sql: sql), arguments: [kind.rawValue, now.wall.description]
            ).map { (kind: kind, since: $0) }
        }.sorted { $0.since < $1.since }.map(\.kind)
    }

    fileprivate func followUpsToSend(
        _ kind: FollowUpKind, _ moment: ClaimMoment
    ) throws -> [ClaimedFollowUp] {
        // Of several in doubt, which a retry may have made so, the first goes once the calls of all are
        // over: else each would wait for the others, and none would go.
        let isFree =
            kind == .set
            ? """
            NOT EXISTS (
                SELECT 1 FROM follow_ups AS other INDEXED BY follow_ups_busy_records
                LEFT JOIN calls AS last ON last.id = other.call_id
                WHERE other.record_id = follow_ups.record_id AND other.kind = 'set'
                    AND (other.state = 'sending' OR other.state = 'verifying')
                    AND other.id <> follow_ups.id
                    AND (follow_ups.state <> 'verifying' OR other.state = 'sending'
                        OR other.id < follow_ups.id OR NOT \(Subject.isOver("other", "last"))))
            AND NOT \(Subject.accountIsConverted("substr(follow_ups.account_id, 1, 15)"))
            """ : "TRUE"
        let waiting = """
            SELECT \(FollowUpRow.columns)
            FROM follow_ups INDEXED BY follow_ups_to_send
            \(FollowUpRow.joins)
            WHERE follow_ups.kind = :kind AND follow_ups.state = 'waiting'
                AND follow_ups.run_at <= :now AND \(isFree)
            ORDER BY follow_ups.run_at, follow_ups.id LIMIT \(Self.window)
            """
        // An update of which nobody knows whether it took effect is made again: what it sets is then
        // there, whether once or twice. Not before its call is over, or the two would overlap.
        let inDoubt = """
            SELECT \(FollowUpRow.columns)
            FROM follow_ups INDEXED BY follow_ups_in_doubt
            \(FollowUpRow.joins)
            WHERE follow_ups.kind = :kind AND follow_ups.state = 'verifying'
                AND follow_ups.run_at <= :now AND \(isFree)
                AND \(Subject.isOver("follow_ups", "calls"))
            ORDER BY follow_ups.run_at, follow_ups.id LIMIT \(Self.window)
            """
        let policies = try policies()
        var found: [ClaimedFollowUp] = []
        var textBytes = 0
        for sql in kind == .set ? [inDoubt, waiting] : [waiting] {
            var arguments = moment.arguments
            arguments["kind"] = kind.rawValue
            let rows = try Row.fetchCursor(
                cachedStatement(sql: sql), arguments: StatementArguments(arguments))
            while textBytes < Self.mostTextBytes, let row = try rows.next() {
                let followUp = try FollowUpRow.followUp(row, policies)
                found.append(followUp)
                textBytes += followUp.textBytes
            }
        }
        return found
    }

    fileprivate func followUpsInDoubt(
        _ kind: FollowUpKind, _ size: Int, _ now: Moment
    ) throws -> [ClaimedFollowUp] {
        let sql = """
            SELECT \(FollowUpRow.columns)
            FROM follow_ups INDEXED BY follow_ups_in_doubt
            \(FollowUpRow.joins)
            WHERE follow_ups.kind = ? AND follow_ups.state = 'verifying'
                AND follow_ups.run_at <= ?
            ORDER BY follow_ups.run_at, follow_ups.id LIMIT ?
            """
        let policies = try policies()
        let rows = try Row.fetchAll(
            cachedStatement(sql: sql), arguments: [kind.rawValue, now.wall.description, size])
        return try rows.map { try FollowUpRow.followUp($0, policies) }
    }

    /// A row of the run log for each, with its number in it.
    fileprivate func openLog(
        _ kind: CallKind, of followUps: inout [ClaimedFollowUp], in callID: Int64,
        at now: Timestamp
    ) throws {
        let first = try nextLogNumber()
        let sql = """
            INSERT OR ROLLBACK INTO run_log_rows
                (id, job_id, lead_id, batch_id, attempt, call_id, kind, started_at)
            SELECT ? + given.key, job_id, lead_id, jobs.batch_id, follow_ups.attempts + 1, ?, ?, ?
            FROM json_each(?) AS given
            CROSS JOIN follow_ups ON follow_ups.id = given.value
            CROSS JOIN jobs ON jobs.id = follow_ups.job_id
            """
        try cachedStatement(sql: sql).execute(arguments: [
            first, callID, kind.rawValue, now.description, followUps.map(\.id).json,
        ])
        for index in followUps.indices { followUps[index].entry = first + Int64(index) }
    }
}

extension [ClaimedFollowUp] {
    /// Those that travel together, at most so many: the first by priority, and those of its half, each
    /// batch as many as another; a record once. Others that set the same of it go along, and count for
    /// none: leads that share an account would take a call each.
    fileprivate func selected(_ size: Int) -> [ClaimedFollowUp] {
        guard let highest = self.max(by: { $0.priority < $1.priority }) else { return [] }
        guard let first = first(where: { $0.priority == highest.priority }) else { return [] }
        var records: Set<String> = []
        let alike = filter { followUp in
            guard followUp.split == first.split else { return false }
            guard let update = followUp.update else { return true }
            return records.insert(String(update.recordID.prefix(15))).inserted
        }
        let byPriority = Dictionary(grouping: alike, by: \.priority)
            .sorted { $0.key > $1.key }
        var selected: [ClaimedFollowUp] = []
        for (_, followUps) in byPriority where selected.count < size {
            selected += followUps.inTurn(by: \.batchID).prefix(size - selected.count)
        }
        let updates = Set(selected.compactMap(\.update))
        let chosen = Set(selected.map(\.id))
        return selected
            + filter { followUp in
                followUp.split == first.split && !chosen.contains(followUp.id)
                    && followUp.update.map(updates.contains) ?? false
            }
    }
}

extension Claims {
    /// Whether notes or tasks are to be asked about whose time for that has come.
    public func followUpVerificationsAreDue(at now: Moment) throws -> Bool {
        try store.read { database in
            let sql = """
                SELECT EXISTS (
                    SELECT 1 FROM follow_ups INDEXED BY follow_ups_in_doubt
                    WHERE kind IN ('note', 'task') AND state = 'verifying' AND run_at <= ?)
                """
            return try Bool.fetchOne(
                database.cachedStatement(sql: sql), arguments: [now.wall.description]) ?? false
        }
    }
}
