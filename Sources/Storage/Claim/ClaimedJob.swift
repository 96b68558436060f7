public import Conversion

/// A job as the drain needs it to send it, or to ask about it, and to settle it.
public struct ClaimedJob: Sendable {
    public var id: Int64
    /// Its open row in the run log; 0 before there is one.
    public var entry: Int64 = 0
    /// What is asked for the lead.
    public var conversion: LeadConversion
    /// Attempts used so far.
    public var attempts: Int
    public var batchID: Int64?
    /// Higher goes first.
    public var priority: Int64
    /// The half of a failed call that it travels with, if any.
    public var split: Int64?
    /// How it is tried again.
    public var policy: RetryPolicy
    /// The group of leads that share one account, if any.
    public var groupKey: String?
    /// Whether a call of ours that got no clear answer carried the lead, for this job or an
    /// earlier one: a lead that is converted may be so by that call.
    public var mayBeConverted: Bool
    /// The contact that a duplicate rule named, whose account is to be looked up.
    public var duplicateContactID: RecordID?
    /// Whether it was sent again already to join what a duplicate rule named.
    public var joinsDuplicate = false
    /// Whether its policy's fallback owner is to own what is made of its lead.
    public var needsFallbackOwner = false
    /// Whether its account is its group's, and it may go without if that is gone.
    public var mayDropAccount = false
    /// Whether something is to follow once it is converted.
    public var hasFollowUps = false
}

/// Jobs that are in a call now.
public struct ClaimedCall: Sendable {
    public var id: Int64
    /// Its jobs, in the order in which they are sent.
    public var jobs: [ClaimedJob]
    /// Whose turn it is in the next call.
    public var cursor: RoundRobinCursor
}

/// Why a lead is read before anything else happens to it; the words are those of `jobs.doubt`.
public enum VerificationCause: String, Sendable {
    /// No clear answer came.
    case noAnswer = "no_answer"
    /// The daemon ended before the answer came.
    case crash
    /// Refused as converted already.
    case refused
    /// Refused by a code that nobody knows, which may say that it is converted already.
    case unlisted
    /// Refused for good; read once before it fails.
    case failing
    /// An answer came that does not say what the call did: the call is over.
    case answered
}

/// A job whose lead is read before anything else happens to it.
///
/// Its way, where no answer came, and the word that each layer has for that:
///
/// 1. `HTTPTransport.send`: `APIResult.lost`; `SalesforceTransport.call`: `Reply.Outcome.unclear`.
/// 2. `Engine.finish` has `Pacer.observe` say whose fault it is, and `SettlementPlanner.settleConversions`
///    makes it a `Settlement`: outcome `unknown`, state `verifying`, cause `noAnswer`, to go in halves later on.
/// 3. `Engine.writeKeptAnswers` writes that by `Settlements.settle`. From here on the job is in doubt.
/// 4. `Engine.claimRead`, by `Claims.claimVerification`, asks Salesforce about it: `client.verify`.
/// 5. `SettlementPlanner.settleVerification`. Converted: settled. Not converted and the call is over:
///    `queued`. Not over, or no answer: asked again, after a day or more without one `LEAD_IN_DOUBT`.
public struct InDoubtJob: Sendable {
    public var job: ClaimedJob
    /// Why it is read.
    public var doubt: VerificationCause
    /// The call in doubt.
    public var callID: Int64
    /// When that call started.
    public var sentAt: Moment
    /// How many leads that call had.
    public var callSize: Int
    /// What was wrong with the call in doubt.
    public var reason: Reason
}

/// Jobs that Salesforce is being asked about now.
public struct ClaimedVerification: Sendable {
    public var id: Int64
    /// Its jobs, in the order in which they are asked about.
    public var jobs: [InDoubtJob]
}

/// What leads are searched for before they are converted.
public enum SearchKind: CaseIterable, Sendable {
    /// The contact that has a lead's address, which brings its account.
    case contact
    /// The account of a lead's group.
    case account

    /// What a search asks about for a lead: its address, or the id of its contact; or its group.
    public func key(of job: ClaimedJob) -> String? {
        switch self {
        case .contact: job.contactKey?.text
        case .account: job.groupKey
        }
    }

    /// The same as a number, which all leads have of which the same is asked: the first 63 bits of
    /// FNV-1a over the folded key.
    public func subject(of job: ClaimedJob) -> Int64 {
        let hash = (key(of: job) ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            let folded = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            return (hash ^ UInt64(folded)) &* 0x100_0000_01b3
        }
        // Numbers below zero are those of follow-ups, where reads are told apart.
        return Int64(hash >> 1)
    }
}

/// Jobs whose contacts, or the accounts of their groups, are being searched for.
public struct ClaimedSearch: Sendable {
    public var id: Int64
    public var kind: SearchKind
    /// Its jobs: of each address, contact or group one or more.
    public var jobs: [ClaimedJob]
    /// Whose turn it is in the next search of this kind.
    public var cursor: RoundRobinCursor

    /// What it asks about, each once.
    public var subjects: [Int64] {
        var seen: Set<Int64> = []
        return jobs.map(kind.subject).filter { seen.insert($0).inserted }
    }

    /// The addresses, ids or groups that it asks about, each once, in the order of the jobs.
    public var keys: [FoldedKey] {
        var seen: Set<FoldedKey> = []
        return jobs.compactMap { kind.key(of: $0).map(FoldedKey.init) }
            .filter { seen.insert($0).inserted }
    }

    /// What contacts are searched by, in the order of `keys`.
    public var contactKeys: [ContactKey] { jobs.contactKeys }

    /// The groups' keys, each once, in the order of the jobs.
    public var groupKeys: [String] {
        var seen: Set<FoldedKey> = []
        return jobs.compactMap(\.groupKey).filter { seen.insert(FoldedKey($0)).inserted }
    }
}

extension ClaimedJob {
    /// What its contact is searched by, if it is.
    public var contactKey: ContactKey? {
        duplicateContactID.map(ContactKey.id) ?? conversion.matchEmail.map(ContactKey.email)
    }
}

extension [ClaimedJob] {
    /// What their contacts are searched by, each once, in their order.
    public var contactKeys: [ContactKey] {
        var seen: Set<FoldedKey> = []
        return compactMap(\.contactKey).filter { seen.insert(FoldedKey($0.text)).inserted }
    }
}

extension ContactKey {
    fileprivate var text: String {
        switch self {
        case .email(let address): address
        case .id(let id): id.description
        }
    }
}

/// Where the batches' turns go on: at each priority, with the batch that is next.
///
/// Kept in memory only: a daemon begins with the jobs that have no batch.
public struct RoundRobinCursor: Sendable, Equatable {
    private var next: [Int64: Int64] = [:]
    /// Priorities that are remembered: one for each lead would fill the memory.
    private static let most = 1000

    /// The first turn is that of the jobs without a batch.
    public init() {}

    func first(at priority: Int64) -> Int64 { next[priority] ?? .min }

    /// Next is the first that was offered and could not travel; if all could, the one after the
    /// last that did. So a batch that was passed over is first in the next call.
    mutating func advance(past offered: [ClaimedJob], taking jobs: [ClaimedJob]) {
        if next.count > Self.most { next = [:] }
        for job in jobs { next[job.priority] = job.queue.batch &+ 1 }
        let served = Set(jobs.map(\.queue))
        for job in offered.reversed() where !served.contains(job.queue) {
            next[job.priority] = job.queue.batch
        }
    }
}

/// The jobs of one batch at one priority, in their order; those without a batch make one, too.
struct BatchQueue: Hashable {
    var priority: Int64
    /// The batch's number; 0 is none.
    var batch: Int64
}

extension Sequence {
    /// One of each batch, or of what else the key is, after the other; those of one in their order.
    func inTurn<Key: Hashable>(by key: (Element) -> Key) -> [Element] {
        var turns: [Key: Int] = [:]
        let numbered = map { element in
            let turn = turns[key(element), default: 0]
            turns[key(element)] = turn + 1
            return (turn: turn, element: element)
        }
        // Sorting is stable.
        return numbered.sorted { $0.turn < $1.turn }.map(\.element)
    }
}

extension ClaimedJob {
    var queue: BatchQueue { BatchQueue(priority: priority, batch: batchID ?? 0) }
}
