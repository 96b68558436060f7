public import Conversion
public import Storage

extension SettlementPlanner {
    /// What a search for accounts found for each of its jobs. Of a group that has no account yet one
    /// lead makes it, and the others wait for that.
    func find(_ accounts: [[RecordID]], _ search: ClaimedSearch) -> [MatchFinding] {
        let groups = search.groupKeys.map(FoldedKey.init)
        precondition(accounts.count == groups.count, "The transport matches the answers.")
        let found = Dictionary(zip(groups, accounts), uniquingKeysWith: { first, _ in first })
        var making: Set<FoldedKey> = []
        return search.jobs.compactMap { job in
            guard let group = job.groupKey.map(FoldedKey.init) else { return nil }
            let result = MatchRule.account(found[group, default: []], for: job)
            if result == .nothing, !making.insert(group).inserted { return nil }
            return MatchFinding(job, result, of: .account)
        }
    }
}

extension MatchRule {
    /// What accounts that have the key of its group mean for a lead, the oldest first.
    public static func account(
        _ accounts: [RecordID], for job: ClaimedJob
    ) -> MatchFinding.Result {
        guard let first = accounts.first, let last = accounts.last else {
            return job.policy.onNoMatch == .fail ? .unfit(.noAccounts) : .nothing
        }
        guard accounts.count > 1 else { return .account(first) }
        switch job.policy.onManyMatches {
        case .fail: return .unfit(.manyAccounts(accounts))
        case .oldest: return .account(first)
        case .newest: return .account(last)
        }
    }
}

extension Reason {
    fileprivate static let noAccounts = Reason(
        "NO_ACCOUNT_MATCHES",
        "No account matches the lead's group, and its policy makes none. Enqueue the lead without a "
            + "search, or under a policy with on_no_match = create.")

    /// Which of them is meant is not ours to guess.
    fileprivate static func manyAccounts(_ accounts: [RecordID]) -> Reason {
        Reason(
            "MULTIPLE_ACCOUNTS_MATCH",
            "More than one account matches the lead's group: \(accounts.listed). Merge them and "
                + "retry, or enqueue the leads with the account that is meant.")
    }
}

extension [RecordID] {
    /// Some of them, for people.
    var listed: String {
        let most = 5
        return prefix(most).map(\.description).joined(separator: ", ")
            + (count > most ? " and more" : "")
    }
}
