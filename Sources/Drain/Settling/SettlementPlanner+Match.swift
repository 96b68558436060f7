public import Conversion
public import Storage

extension SettlementPlanner {
    /// What a search means for each of its jobs. Without an answer it is made again; a lead whose search
    /// alone gets none uses its attempts.
    /// - Parameter failures: What is known of searches that fail, this one included if it did.
    func find(
        _ search: ClaimedSearch, _ reply: Reply<CallResult.Found>, _ failures: ReadFailures
    ) -> [MatchFinding] {
        switch reply.outcome {
        case .value(.contacts(let contacts)): find(contacts, search)
        case .value(.accounts(let accounts)): find(accounts, search)
        case .refused(let blocker, let reason): refused(blocker, reason, search, failures)
        case .unclear(let reason):
            search.jobs.map { unanswered($0, reason, of: search.kind, failures) }
        }
    }

    /// Each by its own policy. Of an address that has no contact yet one lead makes it, and the others
    /// wait for that, those that make none, too.
    private func find(_ contacts: [[FoundContact]], _ search: ClaimedSearch) -> [MatchFinding] {
        precondition(contacts.count == search.keys.count, "The transport matches the answers.")
        let found = Dictionary(
            zip(search.keys, contacts), uniquingKeysWith: { first, _ in first })
        var making: Set<FoldedKey> = []
        return search.jobs.compactMap { job in
            guard let key = search.kind.key(of: job).map(FoldedKey.init) else { return nil }
            let contacts = found[key, default: []]
            guard job.duplicateContactID == nil else {
                return MatchFinding(job, joined(contacts, by: job))
            }
            let result = MatchRule.contact(contacts, for: job)
            guard result == .nothing || result == .unfit(.noContacts) else {
                return MatchFinding(job, result)
            }
            guard !making.contains(key) else { return nil }
            if result == .nothing { making.insert(key) }
            return MatchFinding(job, result)
        }
    }

    /// What it means that a search was refused as a whole.
    private func refused(
        _ blocker: Blocker, _ reason: Reason, _ search: ClaimedSearch, _ failures: ReadFailures
    ) -> [MatchFinding] {
        switch blocker {
        case .callTooLarge where search.subjects.count == 1:
            search.jobs.map { job in
                guard isOfItsKey(reason, job, search.kind, failures) else {
                    return postponed(job, reason, of: search.kind, failures)
                }
                return MatchFinding(job, .unfit(reason), of: search.kind)
            }
        case .permission, .configuration:
            search.jobs.map { job in
                guard !blocker.isSettled(reason) else {
                    return postponed(job, reason, of: search.kind, failures)
                }
                return unanswered(job, reason, of: search.kind, failures)
            }
        case .outage, .callTooLarge:
            search.jobs.map { unanswered($0, reason, of: search.kind, failures) }
        default: []
        }
    }

    /// Whether the one address or group that a search asks about is what it was refused for: it has too many
    /// records, or others were found by such a search. Where none passes, the query itself may be wrong.
    private func isOfItsKey(
        _ reason: Reason, _ job: ClaimedJob, _ search: SearchKind, _ failures: ReadFailures
    ) -> Bool {
        reason.code == "MULTIPLE_CONTACTS_MATCH" || reason.code == "MULTIPLE_ACCOUNTS_MATCH"
            || failures.isItsOwn(search.subject(of: job))
    }

    /// A lead whose search fails alone while others get their answers uses its attempts.
    private func unanswered(
        _ job: ClaimedJob, _ reason: Reason, of search: SearchKind,
        _ failures: ReadFailures
    ) -> MatchFinding {
        let subject = search.subject(of: job)
        guard failures.isApart(subject), failures.isItsOwn(subject), blame == .call else {
            return postponed(job, reason, of: search, failures)
        }
        let used = job.attempts + 1
        let pause = job.policy.backoffMS(afterAttempt: used, chance: chance)
        var finding = MatchFinding(
            job,
            used < job.policy.maxAttempts
                ? .retry(reason, backoffMS: pause, until: now.wall + pause) : .unfit(reason),
            of: search)
        finding.attempts = used
        return finding
    }

    private func postponed(
        _ job: ClaimedJob, _ reason: Reason, of search: SearchKind,
        _ failures: ReadFailures
    ) -> MatchFinding {
        let subject = search.subject(of: job)
        let pause = failures.pauseMS(of: subject, firstMS: probeIntervalMS)
        return MatchFinding(job, .postponed(reason, until: now.wall + pause), of: search)
    }

    /// The contact that a duplicate rule named, if it still is one that the lead can go into.
    private func joined(_ contacts: [FoundContact], by job: ClaimedJob) -> MatchFinding.Result {
        let account = job.conversion.accountID
        guard let contact = contacts.first, contact.accountID != nil,
            account == nil || contact.accountID == account
        else { return .unfit(.duplicateDoesNotFit(job)) }
        return MatchRule.one(contact)
    }
}

/// What is made of the records that match a lead, as its policy says.
public enum MatchRule {
    /// What contacts of its address mean for a lead, the oldest first. One that is to join an account
    /// can join a contact of that account only.
    public static func contact(
        _ contacts: [FoundContact], for job: ClaimedJob
    ) -> MatchFinding.Result {
        let account = job.conversion.accountID
        let fitting = contacts.filter { account == nil || $0.accountID == account }
        guard let first = fitting.first else {
            // It may have an account all the same.
            let isLast = !job.conversion.matchesAccount || account != nil
            return isLast && job.policy.onNoMatch == .fail ? .unfit(.noContacts) : .nothing
        }
        guard fitting.count > 1 else { return one(first) }
        // One without an account is none that a lead could go into.
        let candidates = fitting.filter { $0.accountID != nil }
        switch job.policy.onManyMatches {
        case .fail: return .unfit(.manyContacts(fitting))
        case .oldest: return one(candidates.first ?? first)
        case .newest: return one(candidates.last ?? first)
        }
    }

    fileprivate static func one(_ contact: FoundContact) -> MatchFinding.Result {
        guard let account = contact.accountID else { return .unfit(.noAccount(contact)) }
        // Salesforce refuses a person account's contact, because the account is both.
        if contact.isPersonAccount { return .personAccount(account) }
        return .contact(contact.id, account: account)
    }
}

extension Reason {
    /// Which of them is meant is not ours to guess.
    fileprivate static func manyContacts(_ contacts: [FoundContact]) -> Reason {
        Reason(
            "MULTIPLE_CONTACTS_MATCH",
            "More than one contact has the lead's address: \(contacts.map(\.id).listed). Merge them and "
                + "retry, or enqueue the lead with the contact and account that are meant.")
    }

    fileprivate static let noContacts = Reason(
        "NO_CONTACT_MATCHES",
        "No contact has the lead's address, and its policy makes none. Enqueue the lead without a "
            + "search, or under a policy with on_no_match = create.")

    fileprivate static func duplicateDoesNotFit(_ job: ClaimedJob) -> Reason {
        let contact = job.duplicateContactID?.description ?? ""
        let account = job.conversion.accountID.map { " and the account \($0)" } ?? ""
        return Reason(
            "DUPLICATES_DETECTED",
            "A duplicate rule names the contact \(contact)\(account), into which this lead can't be "
                + "converted: the contact belongs to no account or to another one, or the user may "
                + "not see it.")
    }

    /// Salesforce converts into a contact only together with its account; a second contact of that
    /// address is what the search was to avoid.
    fileprivate static func noAccount(_ contact: FoundContact) -> Reason {
        Reason(
            "CONTACT_WITHOUT_ACCOUNT",
            "The contact of the lead's address, \(contact.id), belongs to no account. Give it one "
                + "and retry.")
    }
}

extension SettlementPlanner {
    /// What a search for accounts found for each of its jobs. A group is told once of the account that
    /// all of it joins. Of one that has none yet one lead makes it, and the others wait for that.
    func find(_ accounts: [[RecordID]], _ search: ClaimedSearch) -> [MatchFinding] {
        let groups = search.keys
        precondition(accounts.count == groups.count, "The transport matches the answers.")
        let found = Dictionary(zip(groups, accounts), uniquingKeysWith: { first, _ in first })
        var told: Set<FoldedKey> = []
        return search.jobs.compactMap { job in
            guard let group = job.groupKey.map(FoldedKey.init) else { return nil }
            let result = MatchRule.account(found[group, default: []], for: job)
            switch result {
            case .nothing, .account:
                guard told.insert(group).inserted else { return nil }
            default: break
            }
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
