import Conversion
import GRDB
import TestSupport

@testable import Drain
@testable import Storage

/// Trouble that is not chance.
extension World {
    /// What a call that writes records gets instead of an answer.
    func oddAnswer(toWriting call: ClaimedFollowUps) -> OddAnswer? {
        if call.followUps.contains(where: { $0.record?.text.hasPrefix(Self.barred) ?? false }) {
            return trouble.bar
        }
        return trouble.writing.flatMap { $0.isOn(at: trueMS) ? $0.answer : nil }
    }

    /// How a note begins that an edge does not let through.
    static let barred = "Barred"

    /// What a call gets instead of an answer to what it asks, as things stand.
    func oddAnswer(toQuestion isVerification: Bool = false) -> OddAnswer? {
        if strays > 0 {
            strays -= 1
            return .page(trouble.stray?.status ?? 404)
        }
        guard let incident = trouble.incident, incident.isOn(at: trueMS),
            !isVerification || incident.reachesQuestions
        else { return nil }
        switch incident.answer {
        case .eachLead, .eachGoodLead: return isVerification ? nil : incident.answer
        default: return incident.answer
        }
    }

    /// A call that converts meets an odd answer: what it reads there, and what was done.
    func meet(
        _ answer: OddAnswer, _ leads: [LeadConversion], as number: Int64
    ) -> Reply<[LeadOutcome]> {
        switch answer {
        // What turns a request away with 503 has not passed it on.
        case .bareFault, .page(502):
            guard trouble.incident?.commits == true else { break }
            org.arrives(number, leads, at: trueMS)
            _ = org.commits(number, at: trueMS)
        case .page, .refusal, .xmlError, .eachLead: break
        // Whoever is converted is told so, whatever else is wrong.
        case .eachGoodLead:
            return answer.reply(for: leads, byAction: trouble.usesAction).map { outcomes in
                zip(leads, outcomes).map { lead, outcome in
                    org.isConverted(lead.leadID, at: trueMS) ? org.secondConversion : outcome
                }
            }
        }
        return answer.reply(for: leads, byAction: trouble.usesAction)
    }

    /// Whether the answer to a call that did its work gets lost: mostly, where a lead of it is one
    /// that cannot be asked about.
    func losesAnswer(_ leads: [LeadConversion]) -> Bool {
        if meets(profile.lostAfter) || meets(profile.wrongAnswer) { return true }
        return leads.contains { org.isUnreadable($0.leadID) } && meets(0.5)
    }

    /// No answer, or one that says nothing of what was done.
    func lost(_ leads: [LeadConversion]) -> Reply<[LeadOutcome]>.Outcome {
        guard trouble.usesAction, chance.happens(0.5) else { return .init(unclear()) }
        // Not SERVER_UNAVAILABLE: it comes with 503, which is said before anything is done.
        let codes = Trouble.codes.filter { $0 != "SERVER_UNAVAILABLE" }
        let code = codes.randomElement(using: &chance) ?? codes[0]
        return OddAnswer.refusal(code).reply(for: leads, byAction: true).outcome
    }

    func oddNature() -> SimulatedOrg.Nature {
        let codes =
            Trouble.codes + ["FUNCTIONALITY_NOT_ENABLED", "STORAGE_LIMIT_EXCEEDED"]
        return switch Int.random(in: 0..<5, using: &chance) {
        case 0: .unreadable
        case 1: .throwing
        case 2: .barred
        default:
            .coded(
                codes.randomElement(using: &chance) ?? codes[0],
                times: chance.happens(0.5) ? .max : Int.random(in: 1...6, using: &chance))
        }
    }

    /// An answer shows that the way is open.
    func learn(of answer: CallResult) {
        switch answer.reply.outcome {
        case .value(.converted(let leads)):
            hasWorked =
                hasWorked || leads.contains { if case .converted = $0 { true } else { false } }
        case .value(.verified), .value(.searched), .value(.limitsRead), .value(.followedUp),
            .value(.followUpsRead):
            hasWorked = true
        case .refused, .unclear, .value(.loggedIn): break
        }
    }

    /// The daemon has ended by itself, and is started again later where it may have.
    /// - Returns: Whether there is nothing left for it to do.
    func ended(_ ending: ExitReason) throws -> Bool {
        guard case .fault(let fault) = ending else { throw Broken("it ended: \(ending)") }
        switch fault.status {
        case .unavailable where trouble.giveUpAfterMS != nil: break
        case .tryLater:
            let left = try unfinished().map(\.id)
            let areUnreadable = left.allSatisfy { org.isUnreadable($0) || tampered.contains($0) }
            let waiting = try leadsWaitingForReads()
            let areBeyondHelp = left.allSatisfy {
                org.isUnreadable($0) || waiting.contains($0) || tampered.contains($0)
            }
            guard !left.isEmpty, areUnreadable || areBeyondHelp || questionsFail else {
                throw Broken("it ended with work left: \(fault)")
            }
            if isQuiet
                && (areUnreadable || areBeyondHelp && trouble.refusedReads?.isForGood == true)
            {
                watch.end()
                return true
            }
        case .configuration, .permission:
            let isOver = trouble.refusedReads?.isForGood ?? true
            if isQuiet, isOver, try unfinished().allSatisfy(\.isOdd) {
                watch.end()
                return true
            }
            // At its first start, before anything worked, it may.
            let waiting = try leadsWaitingForReads()
            guard
                try !hasWorked
                    || unfinished().allSatisfy({
                        waiting.contains($0.id) || tampered.contains($0.id)
                            || org.isUnreadable($0.id)
                    })
            else {
                throw Broken("it ended: \(fault) \(try unsettled())")
            }
        default: throw Broken("it ended: \(fault)")
        }
        isDown = true
        wakeAt = nil
        watch.daemonEnded()
        let life = life
        later(600_000) { world in
            guard world.life == life else { return }
            try world.crash()
        }
        return false
    }

    /// Whether no question gets an answer, or none did before the last pause began.
    private var questionsFail: Bool {
        guard let incident = trouble.incident, incident.reachesQuestions else { return false }
        return trueMS >= incident.time.lowerBound && trueMS < incident.time.upperBound + 900_000
    }

    // MARK: The end

    /// Jobs that are not settled or held, and whether nobody can help them.
    func unfinished() throws -> [(id: RecordID, isOdd: Bool)] {
        let ids = try queue.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT lead_id FROM jobs WHERE state <> 'held' AND finished_at IS NULL
                    """)
        }
        let waiting = try leadsWaitingForReads()
        return try ids.map { text in
            let id = try RecordID(text, of: .lead)
            return (id, org.isBeyondHelp(id) || waiting.contains(id) || tampered.contains(id))
        }
    }

    /// Whether all that is left are leads that nobody can help, and an hour with nothing but them
    /// has gone by: an operator without patience ends each life before they could end.
    func isLeftWithOddLeads() throws -> Bool {
        guard isQuiet, trouble.giveUpAfterMS != nil, trueMS >= calmFrom else {
            return false
        }
        if watch.lastHourFrom == nil || watch.lastHourIsOver(at: trueMS) {
            let left = try unfinished()
            guard !left.isEmpty, left.allSatisfy(\.isOdd) else {
                watch.lastHourFrom = nil
                return false
            }
            watch.lastHourFrom = watch.lastHourFrom ?? trueMS
        }
        guard watch.lastHourIsOver(at: trueMS), isDown || engine.inFlight.isEmpty else {
            return false
        }
        watch.end()
        return true
    }
}

extension SimulatedOrg {
    /// Whether a lead may be left unfinished: it cannot be read, or the daemon was never left the time
    /// to find out that it is the lead, and not the org, that always fails. That time is needed for
    /// searches, too, in which one address fails those of the others.
    func isBeyondHelp(_ id: RecordID) -> Bool {
        if isUnreadable(id) || isBarred(id) { return true }
        guard let lead = leads[id], trouble.oddAddress != nil || trouble.giveUpAfterMS != nil
        else { return false }
        // Where that one and one that can't be read, or is turned away, are all that is left, nothing
        // passes.
        if isSearchedInVain(lead), leads.keys.contains(where: { isUnreadable($0) || isBarred($0) })
        {
            return true
        }
        guard trouble.giveUpAfterMS != nil else { return false }
        let isSearched = lead.email != nil || lead.matchesAccount
        return isOdd(lead) || trouble.oddAddress != nil && isSearched
    }

    /// Whether it is never converted, whatever the daemon does.
    func isLost(_ lead: Lead) -> Bool {
        switch lead.nature {
        case .poison, .throwing, .refused, .barred: true
        case .coded(_, let times): times > 1000
        default: false
        }
    }

    /// Leads and notes that look like an incident of the org.
    var oddLeads: Int64 {
        Int64(leads.values.count(where: isOdd) + leads.values.count(where: \.hasBarredNote))
    }

    private func isSearchedInVain(_ lead: Lead) -> Bool {
        guard let address = trouble.oddAddress else { return false }
        return lead.email == address || lead.matchesAccount && lead.group == Self.ambiguous
    }

    private func isOdd(_ lead: Lead) -> Bool {
        if isSearchedInVain(lead) || lead.hasBarredNote { return true }
        return switch lead.nature {
        case .unreadable, .poison, .throwing, .barred: true
        case .coded(_, let times): times > 0
        default: false
        }
    }
}
