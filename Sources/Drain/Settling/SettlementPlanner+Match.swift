import Conversion
import Storage

extension SettlementPlanner {
    /// What a search for contacts means for each of its jobs. Without an answer it means nothing:
    /// it is made again.
    /// - Parameter failures: What is known of searches that fail, this one included if it did.
    func find(
        _ match: ClaimedMatch, _ reply: Reply<[[FoundContact]]>, _ failures: ReadFailures
    ) -> [ContactFinding] {
        switch reply.outcome {
        case .value(let contacts):
            precondition(contacts.count == match.jobs.count, "The transport matches the answers.")
            return zip(match.jobs, contacts).map { job, contacts in
                ContactFinding(job, result(contacts, for: job.conversion.accountID))
            }
        case .refused(.callTooLarge, let reason) where match.jobs.count == 1:
            return match.jobs.map { ContactFinding($0, .unfit(reason)) }
        case .refused(.outage, let reason), .refused(.callTooLarge, let reason),
            .unclear(let reason):
            return match.jobs.map { unanswered($0, reason, failures) }
        case .refused:
            return []
        }
    }

    /// A lead whose search fails alone while others get their answers uses its attempts.
    private func unanswered(
        _ job: ClaimedJob, _ reason: Reason, _ failures: ReadFailures
    ) -> ContactFinding {
        guard failures.isApart(job.id), failures.isItsOwn(job.id, at: now), blame == .call else {
            let pause = failures.pauseMS(of: job.id, firstMS: probeIntervalMS)
            return ContactFinding(job, .postponed(reason, until: now.wall + pause))
        }
        let used = job.attempts + 1
        let pause = job.policy.backoffMS(afterAttempt: used, chance: chance)
        var finding = ContactFinding(
            job,
            used < job.policy.maxAttempts
                ? .retry(reason, backoffMS: pause, until: now.wall + pause) : .unfit(reason))
        finding.attempts = used
        return finding
    }

    /// A lead that is to join an account can join a contact of that account only.
    private func result(
        _ contacts: [FoundContact], for account: RecordID?
    ) -> ContactFinding.Result {
        let fitting = contacts.filter { account == nil || $0.accountID == account }
        guard let contact = fitting.first else { return .nothing }
        guard fitting.count == 1 else { return .unfit(.manyContacts(fitting)) }
        guard let account = contact.accountID else { return .unfit(.noAccount(contact)) }
        // Salesforce refuses a person account's contact, because the account is both.
        if contact.isPersonAccount { return .personAccount(account) }
        return .contact(contact.id, account: account)
    }
}

extension Reason {
    /// Which of them is meant is not ours to guess.
    fileprivate static func manyContacts(_ contacts: [FoundContact]) -> Reason {
        let most = 5
        let ids = contacts.prefix(most).map(\.id.description).joined(separator: ", ")
        let rest = contacts.count > most ? " and more" : ""
        return Reason(
            "MULTIPLE_CONTACTS_MATCH",
            "More than one contact has the lead's address: \(ids)\(rest). Merge them and retry, or "
                + "enqueue the lead with the contact and account that are meant.")
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
