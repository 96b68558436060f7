import Conversion
import Storage
import TestSupport

@testable import Drain

/// Searches for contacts and accounts.
extension World {
    func find(_ call: SentCall, _ search: ClaimedSearch) {
        if let refusal = refusal() {
            return answer(call, .search(search, Reply(.init(refusal))), after: travel())
        }
        if let odd = refusedRead(.search(search.kind), of: search.asked)
            ?? oddAnswer(toQuestion: true)
            ?? (isOdd(search) ? .refusal("UNKNOWN_EXCEPTION") : nil)
        {
            return answer(call, .search(search, odd.reply(to: search)), after: travel())
        }
        later(travel()) { world in
            if world.meets(world.profile.lostAfter) {
                let reply = Reply<CallResult.Found>(.init(world.unclear()))
                return world.answer(call, .search(search, reply), after: world.travel())
            }
            let reply = Reply(Reply<CallResult.Found>.Outcome.value(world.org.find(search)))
            world.answer(call, .search(search, reply), after: world.travel())
        }
    }

    private func isOdd(_ search: ClaimedSearch) -> Bool {
        guard let odd = trouble.oddAddress else { return false }
        return search.asked.contains(search.kind == .contact ? odd : SimulatedOrg.ambiguous)
    }

    /// Some leads are of groups whose account is searched for; of other groups, some leads want that.
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

extension ClaimedSearch {
    /// The addresses or groups that it asks about.
    var asked: [String] {
        switch kind {
        case .contact:
            contactKeys.compactMap { if case .email(let address) = $0 { address } else { nil } }
        case .account: groupKeys
        }
    }
}

extension SimulatedOrg {
    fileprivate func find(_ search: ClaimedSearch) -> CallResult.Found {
        switch search.kind {
        case .contact: .contacts(find(search.asked))
        case .account: .accounts(findAccounts(search.asked))
        }
    }
}

extension OddAnswer {
    fileprivate func reply(to search: ClaimedSearch) -> Reply<CallResult.Found> {
        switch search.kind {
        case .contact: Reply(outcome(forSearch: search.asked)).map { .contacts($0) }
        case .account: Reply(outcome(forAccounts: search.asked)).map { .accounts($0) }
        }
    }
}
