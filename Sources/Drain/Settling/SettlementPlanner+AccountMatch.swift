public import Conversion
public import Storage

extension SettlementPlanner {
    /// What a search for accounts means for each of its jobs. Of a group that has no account yet one
    /// lead makes it, and the others wait for that.
    /// - Parameter failures: What is known of searches that fail, this one included if it did.
    func find(
        _ match: ClaimedAccountMatch, _ reply: Reply<[[RecordID]]>, _ failures: ReadFailures
    ) -> [MatchFinding] {
        switch reply.outcome {
        case .value(let accounts):
            return find(match.jobs, answers(match.values, accounts))
        // Its one group is what it was refused for.
        case .refused(.callTooLarge, let reason) where match.values.count == 1:
            return match.jobs.map { MatchFinding($0, .unfit(reason), of: .account) }
        case .refused(let blocker, let reason):
            return refused(blocker, reason, match.jobs, of: .account, failures)
        case .unclear(let reason):
            return match.jobs.map { unanswered($0, reason, of: .account, failures) }
        }
    }

    private func answers(
        _ values: [String], _ accounts: [[RecordID]]
    ) -> [FoldedKey: [RecordID]] {
        precondition(accounts.count == values.count, "The transport matches the answers.")
        return Dictionary(
            zip(values.map(FoldedKey.init), accounts), uniquingKeysWith: { first, _ in first })
    }

    private func find(
        _ jobs: [ClaimedJob], _ answers: [FoldedKey: [RecordID]]
    ) -> [MatchFinding] {
        var making: Set<FoldedKey> = []
        return jobs.compactMap { job in
            guard let group = job.groupKey.map(FoldedKey.init) else { return nil }
            let result = MatchRule.account(answers[group, default: []], for: job)
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
