public import Conversion
import Drain
import Salesforce
public import Storage

/// What a queued lead would be converted into if it were sent now.
public struct MatchPreview: Sendable, Equatable {
    /// The words of `check --matches`.
    public enum Match: String, Sendable {
        /// An existing contact and its account.
        case contact
        /// An existing account, with a new contact.
        case account
        /// New records.
        case new
        /// None: several records match, and its policy says that it fails then.
        case many
        /// None: no record matches, or only one that it can't go into, and it fails.
        case none
    }

    public var lead: RecordID
    /// What it would be converted into.
    public var match: Match
    public var contactID: RecordID?
    public var accountID: RecordID?
}

/// Searches for the contacts and accounts of queued leads as the daemon would, and changes nothing.
public struct MatchPreviews {
    private let queue: JobQueue
    private let batch: String?
    private var client: RecordingClient
    /// What is known of groups that were asked about.
    private var groups: [FoldedKey: [RecordID]] = [:]

    /// Jobs that are looked at together.
    private static let page = 2000

    /// - Parameter batch: The batch whose leads are looked at; nil is all.
    public init(of queue: JobQueue, batch: String?, _ client: RecordingClient) {
        self.queue = queue
        self.batch = batch
        self.client = client
    }

    /// Looks at all that wait, in the order of their jobs.
    /// - Throws: `OperatorError` when the org can't be asked, and what `show` throws.
    public mutating func run(_ show: (MatchPreview) throws -> Void) async throws {
        var last: Int64 = 0
        while true {
            let page = try queue.reports.waitingJobs(after: last, of: batch, limit: Self.page)
            guard let next = page.last else { return }
            last = next
            for preview in try await previews(of: page.jobs) { try show(preview) }
        }
    }

    private mutating func previews(of jobs: [ClaimedJob]) async throws -> [MatchPreview] {
        let contacts = try await contacts(of: jobs)
        var found: [MatchFinding.Result] = jobs.map { job in
            guard let key = job.wantedContact else { return .nothing }
            return MatchRule.contact(contacts[key, default: []], for: job)
        }
        let searching = zip(jobs, found).filter { $1 == .nothing && $0.wantsAccount }.map(\.0)
        try await findGroups(of: searching)
        for (place, job) in jobs.enumerated() where found[place] == .nothing && job.wantsAccount {
            let accounts = job.groupKey.map(FoldedKey.init).flatMap { groups[$0] } ?? []
            found[place] = MatchRule.account(accounts, for: job)
        }
        return zip(jobs, found).map(MatchPreview.init)
    }

    // MARK: Asking

    private mutating func contacts(
        of jobs: [ClaimedJob]
    ) async throws -> [ContactKey: [FoundContact]] {
        var answers: [ContactKey: [FoundContact]] = [:]
        var left = jobs.filter { $0.wantedContact != nil }
        while !left.isEmpty {
            let keys = SearchPlan.choose(left, for: .contact).contactKeys
            let found = try await search(keys) { await $0.searchContacts($1) }
            for (key, contacts) in zip(keys, found) { answers[key.folded] = contacts }
            left = left.filter { job in job.wantedContact.map { answers[$0.folded] == nil } ?? false
            }
        }
        for job in jobs { if let key = job.wantedContact { answers[key] = answers[key.folded] } }
        return answers
    }

    private mutating func findGroups(of jobs: [ClaimedJob]) async throws {
        func isUnknown(_ job: ClaimedJob) -> Bool {
            job.groupKey.map { groups[FoldedKey($0)] == nil } ?? false
        }
        while case let left = jobs.filter(isUnknown), !left.isEmpty {
            var seen: Set<FoldedKey> = []
            let values = SearchPlan.choose(left, for: .account).compactMap(\.groupKey)
                .filter { seen.insert(FoldedKey($0)).inserted }
            let found = try await search(values) { await $0.searchAccounts($1) }
            for (value, accounts) in zip(values, found) { groups[FoldedKey(value)] = accounts }
        }
    }

    /// One search, in halves where it is too much for one answer.
    private mutating func search<Key, Found>(
        _ keys: [Key], _ ask: (SalesforceTransport, [Key]) async -> Reply<[Found]>
    ) async throws -> [Found] {
        try client.requireAllowance()
        // The org may lack a field that the first request asks for.
        for _ in 1...2 {
            let reply = try await client.ask { await ask($0, keys) }
            switch reply.outcome {
            case .refused(.adapted, _): continue
            case .refused(.callTooLarge, _) where keys.count > 1:
                let middle = keys.count / 2
                return try await search(Array(keys[..<middle]), ask)
                    + search(Array(keys[middle...]), ask)
            case let outcome: return try outcome.get()
            }
        }
        throw OperatorError(.unavailable, "Salesforce answers none of the searches.")
    }
}

extension ClaimedJob {
    /// What its contact would be searched for by, if it still would.
    fileprivate var wantedContact: ContactKey? { conversion.contactID == nil ? contactKey : nil }

    fileprivate var wantsAccount: Bool {
        conversion.matchesAccount && conversion.accountID == nil
    }
}

extension ContactKey {
    /// Addresses are the same whatever their case.
    fileprivate var folded: ContactKey {
        if case .email(let address) = self { .email(address.lowercased()) } else { self }
    }
}

extension MatchPreview {
    fileprivate init(_ job: ClaimedJob, _ found: MatchFinding.Result) {
        lead = job.conversion.leadID
        accountID = job.conversion.accountID
        contactID = job.conversion.contactID
        match = contactID != nil ? .contact : accountID != nil ? .account : .new
        switch found {
        case .contact(let contact, let account):
            (match, contactID, accountID) = (.contact, contact, account)
        case .personAccount(let account), .account(let account):
            (match, accountID) = (.account, account)
        case .unfit(let reason):
            match = reason.code.hasPrefix("MULTIPLE_") ? .many : .none
        case .nothing, .postponed, .retry: break
        }
    }
}
