import Conversion
import GRDB

@testable import Drain
@testable import Storage

/// What must always hold, looked at from outside the engine.
enum Invariants {
    /// Rules that the schema can't state, because an operator may break them and the daemon not.
    static func install(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TRIGGER converted_stays_converted BEFORE UPDATE ON jobs
                WHEN OLD.state IN ('converted', 'cancelled') AND NEW.state <> OLD.state
                    AND NOT (OLD.after_code IS NOT NULL AND NEW.state = 'finishing')
                BEGIN SELECT RAISE(ABORT, 'a settled job was settled again'); END;

                CREATE TRIGGER attempts_stay_within_the_policy BEFORE UPDATE ON jobs
                WHEN NEW.attempts > 5
                BEGIN SELECT RAISE(ABORT, 'more attempts than the policy allows'); END;
                """)
    }

    /// Written before sent: jobs, run log and call are on file when the call is handed out.
    static func isWritten(_ call: InFlightCall, in queue: JobQueue) throws {
        guard case .conversions(let conversions) = call.content else { return }
        let sql = """
            SELECT
                (SELECT count(*) FROM jobs WHERE call_id = ?1 AND state = 'sending'),
                (SELECT count(*) FROM run_log WHERE call_id = ?1 AND finished_at IS NULL),
                (SELECT count(*) FROM calls WHERE id = ?1 AND finished_at IS NULL)
            """
        let row = try queue.read { try Row.fetchOne($0, sql: sql, arguments: [call.callID]) }
        let expected = [conversions.jobs.count, conversions.jobs.count, 1]
        guard let row, expected == (0..<3).map({ row[$0] as Int }) else {
            throw Broken("call \(call.callID) leaves before it is written down")
        }
    }

    /// At the end of all things: every lead settled, and three accounts of it that agree.
    static func holdAtTheEnd(_ world: World) throws {
        try rateWasKept(world)
        try followUpsHold(world)
        try world.stormFailedFew()
        let areGroupsKnown = !world.isRestored && world.tampered.isEmpty
        if areGroupsKnown, let group = world.org.splitGroups.first {
            throw Broken("\(group) has more than one account")
        }
        if areGroupsKnown, let group = world.org.dividedGroups.first {
            throw Broken("the leads of \(group) went into several accounts")
        }
        let waiting = try world.leadsWaitingForReads()
        try world.queue.read { database in
            let sql = """
                SELECT lead_id, state, attempts, result_account_id, error_code,
                    (SELECT count(*) FROM run_log WHERE job_id = jobs.id AND finished_at IS NULL),
                    (SELECT count(*) FROM run_log
                        WHERE job_id = jobs.id AND outcome IN ('converted', 'already_converted')),
                    (SELECT outcome FROM run_log
                        WHERE job_id = jobs.id AND kind IN ('convert', 'verify') AND (
                            outcome IN ('converted', 'already_converted') OR NOT EXISTS (
                                SELECT 1 FROM follow_ups WHERE job_id = jobs.id))
                        ORDER BY id DESC LIMIT 1)
                FROM jobs
                """
            for row in try Row.fetchAll(database, sql: sql) {
                try check(row, world, mayBeLeft: waiting)
            }
            let charged = """
                SELECT lead_id || ' ' || code FROM run_log
                WHERE kind = 'convert' AND outcome IN ('retry', 'failed')
                    AND code IN ('HTTP_503', 'HTTP_429', 'UNREACHABLE')
                """
            if let attempt = try String.fetchOne(database, sql: charged) {
                throw Broken("an attempt was used for an outage: \(attempt)")
            }
            let open = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM calls WHERE finished_at IS NULL")
            guard open == 0 else { throw Broken("calls were left open") }
        }
    }

    private static func check(_ row: Row, _ world: World, mayBeLeft: Set<RecordID>) throws {
        let id = try RecordID(row[0] as String, of: .lead)
        let state: String = row[1]
        guard let lead = world.org.leads[id] else { throw Broken("\(id) came from nowhere") }
        if world.watch.isOver, world.org.isBeyondHelp(id) || mayBeLeft.contains(id),
            state != "converted", state != "failed"
        {
            return
        }
        if world.tampered.contains(id) { return }
        guard state == "converted" || state == "failed" else {
            throw Broken("\(id) was left \(state)")
        }
        guard row[5] == 0 else { throw Broken("the log of \(id) has an open row") }
        let isConverted = world.org.isConverted(lead, at: world.trueMS)
        if state == "converted" {
            guard isConverted else { throw Broken("\(id) is said to be converted and is not") }
            guard row[3] == world.org.records(id).accountID else {
                throw Broken("\(id) has the records of another lead")
            }
            guard row[6] == 1, row[7] == "converted" || row[7] == "already_converted" else {
                throw Broken("the log of \(id) does not say once that it was converted")
            }
            guard row[7] == "already_converted", !world.isRestored else { return }
            guard lead.convertedBy == nil else {
                throw Broken("\(id) was converted by us, and the log says by others")
            }
            guard !world.org.mayBeOurs(id) else {
                throw Broken("\(id) may have been converted by us, and the log says by others")
            }
        } else {
            if row[4] == "MULTIPLE_CONTACTS_MATCH" { return try hasManyContacts(id, lead, world) }
            if row[4] == "MULTIPLE_ACCOUNTS_MATCH" { return try hasManyAccounts(id, lead, world) }
            try mayFail(id, lead, code: row[4], attempts: row[2], isConverted: isConverted, world)
        }
    }

    private static func hasManyContacts(
        _ id: RecordID, _ lead: SimulatedOrg.Lead, _ world: World
    ) throws {
        guard let email = lead.email, world.org.find([email])[0].count > 1 else {
            throw Broken("\(id) has no second contact")
        }
    }

    private static func hasManyAccounts(
        _ id: RecordID, _ lead: SimulatedOrg.Lead, _ world: World
    ) throws {
        guard lead.matchesAccount, let group = lead.group,
            world.org.findAccounts([group])[0].count > 1
        else { throw Broken("the group of \(id) has no second account") }
    }

    /// A lead may fail for a reason of its own only.
    private static func mayFail(
        _ id: RecordID, _ lead: SimulatedOrg.Lead, code: String?, attempts: Int, isConverted: Bool,
        _ world: World
    ) throws {
        switch (lead.nature, code) {
        case (.coded(let own, _), let code?) where code == own && !isConverted:
            return
        case (.barred, "HTTP_403") where !isConverted:
            return
        // A day after its call.
        case (.unreadable, "LEAD_IN_DOUBT"): return
        // It was told so in the incident, whether or not somebody else had converted it by then.
        case (_, OddAnswer.ownCode) where world.trouble.incident?.refusesForGood(id) == true:
            if lead.convertedBy == nil { return }
        case (.throwing, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
            (.throwing, "UNKNOWN_EXCEPTION") where !isConverted:
            return
        // It fails anyway; which of its failures was the last is chance.
        case (_, let code?)
        where world.org.isLost(lead) && !isConverted && attempts == 5
            && (Trouble.codes.contains(code) || code == world.trouble.incident?.code):
            return
        case (_, _?) where lead.email != nil && lead.email == world.trouble.oddAddress:
            if lead.convertedBy == nil { return }
        case (_, _?)
        where lead.group == SimulatedOrg.ambiguous && world.trouble.oddAddress != nil:
            if lead.convertedBy == nil { return }
        case (_, _?) where world.mayFailForRefusedSearches(lead): return
        // Somebody else converted it; the code that it was refused with says something else.
        case (.hidden, world.trouble.secondCode?) where isConverted:
            return
        case (_, world.trouble.secondCode?) where isConverted:
            if lead.convertedBy == nil { return }
        case (.refused, "INVALID_STATUS"), (.poison, "EXCEEDED_QUOTA"),
            (.hidden, "LEAD_NOT_VISIBLE"):
            return
        case (.locked, "UNABLE_TO_LOCK_ROW") where attempts == 5:
            return
        // Alone in its call, and no answer, five times over.
        case (_, "TIMEOUT"), (_, "CONNECTION_LOST"), (_, "BAD_GATEWAY"), (_, "SHORT_ANSWER"),
            (_, "WRONG_LEAD"), (_, "Server.userException"):
            if attempts == 5 && !isConverted { return }
        default:
            break
        }
        throw Broken(
            "\(id) (\(lead.nature)) failed with \(code ?? "no code"), attempts \(attempts), "
                + "converted \(isConverted)")
    }

    /// In no window were more calls started than the bucket allows.
    private static func rateWasKept(_ world: World) throws {
        // Where the pace goes by the org's allowance, there is no bucket that is known.
        guard !world.isRestored, world.trouble.oddLimits == nil else { return }
        let starts = world.starts
        for first in starts.indices {
            for last in first..<starts.count {
                let window = Double(starts[last] - starts[first]) / 1000
                let allowed = world.profile.burst + world.profile.rate * window
                guard Double(last - first + 1) <= allowed + 1e-6 else {
                    throw Broken(
                        "\(last - first + 1) calls in \(window) s, allowed were \(allowed)")
                }
            }
        }
    }
}
