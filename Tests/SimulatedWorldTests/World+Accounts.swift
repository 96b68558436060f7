import Conversion
import Storage
import TestSupport

@testable import Drain

/// Searches for accounts.
extension World {
    func findAccounts(_ call: SentCall, _ match: ClaimedAccountMatch) {
        if let refusal = refusal() {
            return answer(call, .accountMatch(match, Reply(.init(refusal))), after: travel())
        }
        let values = match.values
        let isOdd = trouble.oddAddress != nil && values.contains(SimulatedOrg.ambiguous)
        if let odd = oddAnswer(toQuestion: true) ?? (isOdd ? .refusal("UNKNOWN_EXCEPTION") : nil) {
            let reply = Reply(odd.outcome(forAccounts: values))
            return answer(call, .accountMatch(match, reply), after: travel())
        }
        later(travel()) { world in
            if world.meets(world.profile.lostAfter) {
                let reply = Reply<[[RecordID]]>(.init(world.unclear()))
                return world.answer(call, .accountMatch(match, reply), after: world.travel())
            }
            let reply = Reply(Reply<[[RecordID]]>.Outcome.value(world.org.findAccounts(values)))
            world.answer(call, .accountMatch(match, reply), after: world.travel())
        }
    }

    /// Some leads are of groups whose account is looked for; of other groups, some leads want that.
    func drawAccountSearch(for lead: inout LeadConversion) {
        if chance.happens(0.25) {
            lead.groupKey = SimulatedOrg.searchedGroups.randomElement(using: &chance)
            lead.accountID = nil
            lead.matchEmail = nil
            lead.matchesAccount = true
        } else if lead.groupKey != nil {
            lead.matchesAccount = chance.happens(0.3)
        }
    }

    /// Whoever else converts a lead puts it into an account of their own.
    func natureInGroup(_ nature: SimulatedOrg.Nature, _ lead: LeadConversion)
        -> SimulatedOrg.Nature
    {
        guard case .convertedByOthers = nature, let group = lead.groupKey,
            SimulatedOrg.searchedGroups.contains(group)
        else { return nature }
        return .plain
    }
}
