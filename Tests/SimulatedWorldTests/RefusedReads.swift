import Conversion
import GRDB
import TestSupport

@testable import Drain
@testable import Storage

/// One kind of reading that is refused, for a while or for good, whoever is asked about.
struct RefusedReads {
    var kind: ReadKind
    var time: Range<Int64>
    /// A time in it in which people have paused the queue, if there is one.
    var pause: Range<Int64>?
    var answer: OddAnswer

    /// Whether nothing ever lifts it.
    var isForGood: Bool { time.upperBound == .max }

    /// Whether it is the word of an edge, of which nobody can tell whether it is about one of those that
    /// are asked about.
    var isOfAnEdge: Bool {
        switch answer {
        case .page, .xmlError: !isOutage
        default: false
        }
    }

    /// Whether it says that Salesforce is down, which is nobody's fault, however long.
    var isOutage: Bool {
        switch answer {
        case .page(503), .page(429), .refusal("SERVER_UNAVAILABLE"): true
        default: false
        }
    }

    /// Whether it lasts long enough to count as the fault of those that meet it.
    var isLong: Bool { time.count - (pause?.count ?? 0) >= ReadFailures.ownFaultAfterMS }

    init(using chance: inout SeededGenerator) {
        kind = ReadKind.allCases.randomElement(using: &chance) ?? .verification
        let start = Int64.random(in: 0...20_000, using: &chance)
        let minutes = Int64.random(in: 1...(chance.happens(0.5) ? 90 : 400), using: &chance)
        let isForGood = chance.happens(0.4)
        let answers: [OddAnswer] = [
            .refusal("INSUFFICIENT_ACCESS"), .refusal("MALFORMED_QUERY"), .refusal("INVALID_FIELD"),
            .refusal("INVALID_TYPE"), .page(400), .page(403), .xmlError("INSUFFICIENT_ACCESS"),
        ]
        let outages: [OddAnswer] = [.page(503), .page(429), .refusal("SERVER_UNAVAILABLE")]
        answer =
            (chance.happens(0.4) ? outages : answers).randomElement(using: &chance) ?? answers[0]
        time = start..<start + minutes * 60_000
        if isForGood && !isOutage { time = start..<Int64.max }
    }

    /// In one world of seven.
    static func draw(seed: UInt64) -> RefusedReads? {
        var chance = SeededGenerator(seed: seed &+ 0x7265_6164_696e_6773)
        return chance.happens(0.15) ? RefusedReads(using: &chance) : nil
    }
}

extension World {
    /// What a reading of this kind gets as long as it is refused.
    /// - Parameter asked: The addresses or groups that it asks about.
    func refusedRead(_ kind: ReadKind, of asked: [String] = []) -> OddAnswer? {
        guard let refused = trouble.refusedReads, refused.kind == kind,
            refused.time.contains(trueMS), refused.pause?.contains(trueMS) != true
        else { return nil }
        counts.faults += 1
        if refused.isOutage { readIsTurnedAway() }
        firstRefused = firstRefused ?? asked.first
        return refused.answer
    }

    /// While readings are turned away, other leads come, and are converted. Not where an operator without
    /// patience leaves the daemon no time to find out which of them always fail: others wait for those.
    func letOthersCome() {
        guard let refused = trouble.refusedReads, refused.isOutage, trouble.giveUpAfterMS == nil
        else { return }
        for place in Int64(1)...40 {
            later(refused.time.lowerBound + place * 20_000) { world in
                try world.operate { try world.enqueue(1) }
            }
        }
    }

    /// Pauses here are a tenth of the daemon's own, and grow to a quarter of an hour.
    private func readIsTurnedAway() {
        turnedAwayReads.append(trueMS)
        turnedAwayReads.removeAll { $0 < trueMS - 3_600_000 }
        mostTurnedAway = max(mostTurnedAway, turnedAwayReads.count)
        guard turnedAwayReads.count > 40 else { return }
        org.violations.append("\(turnedAwayReads.count) readings in an hour of which none passes")
    }

    /// Whether a lead may fail because an edge answers searches with a page: after half an hour nobody knows
    /// whom it means, and where one lead alone is searched for, nobody does from the start.
    func mayFailForRefusedSearches(_ lead: SimulatedOrg.Lead) -> Bool {
        guard let refused = trouble.refusedReads, lead.convertedBy == nil,
            refused.isOfAnEdge || refused.answer.isOfTheQuery
        else { return false }
        let isSearched =
            switch refused.kind {
            case .search(.contact): lead.email != nil
            case .search(.account): lead.matchesAccount
            case .verification, .followUpVerification: false
            }
        return isSearched && (refused.isLong || firstRefused == lead.email ?? lead.group)
    }

    /// Whether such readings are refused, or were lately.
    var readsAreRefused: Bool {
        guard let time = trouble.refusedReads?.time else { return false }
        return trueMS >= time.lowerBound
            && (time.upperBound == .max || trueMS < time.upperBound + 3_600_000)
    }

    /// Leads that can't go on while this kind of reading is refused: those that wait to be read, and those
    /// that wait for their accounts, groups and addresses.
    func leadsWaitingForReads() throws -> Set<RecordID> {
        guard let refused = trouble.refusedReads, readsAreRefused else { return [] }
        let waits =
            switch refused.kind {
            case .verification: "state = 'verifying'"
            case .search(.contact):
                "state = 'queued' AND matched IS NULL AND match_email IS NOT NULL"
            case .search(.account):
                """
                state = 'queued' AND match_account = 1 AND account_id IS NULL
                    AND matched_account IS NULL
                """
            case .followUpVerification:
                """
                state = 'finishing' AND EXISTS (
                    SELECT 1 FROM follow_ups WHERE job_id = jobs.id AND kind <> 'set'
                        AND follow_ups.state = 'verifying')
                """
            }
        let sql = """
            WITH RECURSIVE open (id, lead, grp, email, account) AS (
                SELECT id, lead_id, lower(group_key), lower(match_email),
                    substr(coalesce(result_account_id, account_id), 1, 15)
                FROM jobs WHERE finished_at IS NULL
            ), waiting (id) AS (
                SELECT id FROM jobs WHERE \(waits)
                UNION
                SELECT other.id FROM waiting
                JOIN open AS one ON one.id = waiting.id
                JOIN open AS other ON other.grp = one.grp OR other.email = one.email
                    OR other.account = one.account
            )
            SELECT lead FROM open WHERE id IN (SELECT id FROM waiting)
            """
        let leads = try queue.read { try String.fetchAll($0, sql: sql) }
        return Set(try leads.map { try RecordID($0, of: .lead) })
    }

}

extension OddAnswer {
    /// Whether it says that the query itself is wrong, which one of the values in it may have made so.
    fileprivate var isOfTheQuery: Bool {
        if case .refusal("MALFORMED_QUERY") = self { true } else { false }
    }
}
