import Conversion
import GRDB

/// What queued jobs wait for.
enum WorkKind {
    case toSend
    /// To have their contact, or the account of their group, searched for.
    case toSearch(SearchKind)
    /// To be taken up again, once what they were put aside for is free.
    case deferred(subject: String)

    var index: String {
        switch self {
        case .toSend: "jobs_to_send"
        case .toSearch(.contact): "jobs_to_match"
        case .toSearch(.account): "jobs_to_match_account"
        case .deferred: "jobs_deferred"
        }
    }

    /// Which jobs wait: as the index says it, word for word.
    var isWaiting: String {
        switch self {
        case .toSend:
            """
            state = 'queued' AND deferred_for IS NULL AND \(Self.hasContact)
                AND (match_account = 0 OR account_id IS NOT NULL OR matched_account IS NOT NULL)
            """
        case .toSearch(.contact):
            "state = 'queued' AND deferred_for IS NULL AND \(Self.wantsContact)"
        case .toSearch(.account):
            "state = 'queued' AND deferred_for IS NULL AND \(Self.wantsAccount)"
        case .deferred:
            """
            state = 'queued' AND deferred_for IS NOT NULL AND deferred_for <> 'time'
                AND deferred_for = :subject
            """
        }
    }

    /// The rows of those that wait, to stand after FROM; more conditions may follow with AND.
    var rows: String { "jobs INDEXED BY \(index) WHERE \(isWaiting)" }

    /// The rows of jobs that were put aside until something is free, whatever they wait for then.
    static let putAside = """
        jobs INDEXED BY jobs_deferred
        WHERE state = 'queued' AND deferred_for IS NOT NULL AND deferred_for <> 'time'
        """

    /// The rows of jobs that were put aside until their time comes.
    static let later = """
        jobs INDEXED BY jobs_deferred_for_time WHERE state = 'queued' AND deferred_for = 'time'
        """

    /// Whether a contact is to be searched for.
    static let wantsContact = """
        matched IS NULL AND (match_email IS NOT NULL OR duplicate_contact_id IS NOT NULL)
        """

    /// Whether an account is, now that no contact is.
    static let wantsAccount = """
        \(hasContact) AND match_account = 1 AND account_id IS NULL AND matched_account IS NULL
        """

    /// Whether no contact is to be searched for, or was.
    static let hasContact =
        "(matched IS NOT NULL OR match_email IS NULL AND duplicate_contact_id IS NULL)"

    /// Whether a call for a job is out, or in doubt, or what follows its conversion is not done: word for word
    /// as the indexes of such jobs say it.
    static func isInFlight(_ job: String) -> String {
        "(\(job).state = 'sending' OR \(job).state = 'verifying' OR \(job).state = 'finishing')"
    }

    /// Whether a queued job waits for what another job makes, or may have made, however long that takes.
    static let waitsForOthers = """
        CASE
            WHEN \(wantsContact) THEN \(Subject.address.isBusy("jobs.match_email"))
            WHEN \(wantsAccount) THEN \(Subject.makesAccount("jobs.group_key"))
            ELSE group_key IS NOT NULL AND \(Subject.mayMakeAccount("jobs.group_key"))
        END
        """

    var subject: String? {
        if case .deferred(let subject) = self { subject } else { nil }
    }

    /// Whether a claim of this kind takes up what waits for it; what nothing else takes up, too.
    func waitsFor(_ subject: String) -> Bool {
        switch (self, Subject(of: subject)) {
        case (.toSend, .account), (.toSend, .group), (.toSend, nil): true
        case (.toSearch(.contact), .address), (.toSearch(.account), .maker): true
        default: false
        }
    }

    /// What a job has to wait for just now; null when it may go.
    var blockedFor: String {
        switch self {
        case .toSend:
            """
            CASE
                WHEN run_at > :now THEN 'time'
                WHEN account_id IS NOT NULL AND \(Subject.account.isBusy("substr(jobs.account_id, 1, 15)"))
                    THEN 'account ' || substr(account_id, 1, 15)
                WHEN group_key IS NOT NULL AND \(Subject.group.isBusy("jobs.group_key"))
                    THEN 'group ' || lower(group_key)
            END
            """
        case .toSearch(.contact):
            """
            CASE
                WHEN run_at > :now THEN 'time'
                WHEN \(Subject.address.isBusy("jobs.match_email"))
                    THEN 'address ' || lower(match_email)
            END
            """
        case .toSearch(.account):
            """
            CASE
                WHEN run_at > :now THEN 'time'
                WHEN \(Subject.maker.isBusy("jobs.group_key"))
                    THEN 'maker ' || lower(group_key)
            END
            """
        case .deferred: "NULL"
        }
    }
}

/// What only one call at a time may have leads of.
enum Subject: String, CaseIterable {
    case account, group, address
    /// A group of which a lead is about to make the account that would then be found.
    case maker

    /// What `jobs.deferred_for` names; nil when that is nothing of ours.
    init?(of subject: String) {
        guard let kind = Self.allCases.first(where: { subject.hasPrefix("\($0) ") }) else {
            return nil
        }
        self = kind
    }

    /// The condition that it is in use.
    /// - Parameter name: The account, group or address, as an SQL expression.
    func isBusy(_ name: String) -> String {
        switch self {
        case .account:
            // A call may be writing to it, or a lock on it was met just now. A call in doubt is over
            // in time; one from before the machine started, once that is so long ago.
            """
            (\(Self.accountIsConverted(name))
            OR EXISTS (
                SELECT 1 FROM follow_ups AS other INDEXED BY follow_ups_busy_accounts
                LEFT JOIN calls AS last ON last.id = other.call_id
                WHERE substr(other.account_id, 1, 15) = \(name)
                    AND other.kind = 'set'
                    AND (other.state = 'sending' OR other.state = 'verifying')
                    AND (other.state = 'sending' OR NOT \(Self.isOver("other", "last"))))
            OR EXISTS (
                SELECT 1 FROM delays WHERE subject = 'account ' || \(name) AND until > :now))
            """
        case .group:
            // A call may be making its account.
            """
            (\(Self.mayMakeAccount(name))
            OR EXISTS (
                SELECT 1 FROM delays
                WHERE subject = 'group ' || lower(\(name)) AND until > :now))
            """
        case .address:
            // Another lead is about to make the contact that would then be found.
            """
            EXISTS (
                SELECT 1 FROM jobs AS other INDEXED BY jobs_making_contacts
                WHERE other.match_email = \(name) AND other.match_email IS NOT NULL
                    AND other.matched = 'nothing' AND other.finished_at IS NULL
                    AND other.state <> 'held' AND other.state <> 'finishing')
            """
        case .maker: Self.makesAccount(name)
        }
    }

    /// The condition that a call may be making the account of a group. What follows a conversion makes none:
    /// that one is there, and joined.
    static func mayMakeAccount(_ group: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM jobs AS other INDEXED BY jobs_busy_groups
            WHERE other.group_key = \(group) AND other.group_key IS NOT NULL
                AND \(WorkKind.isInFlight("other")) AND other.state <> 'finishing')
        """
    }

    /// The condition that a call may be making it, or is about to.
    static func makesAccount(_ group: String) -> String {
        """
        (\(mayMakeAccount(group))
        OR EXISTS (
            SELECT 1 FROM jobs AS other INDEXED BY jobs_making_accounts
            WHERE other.group_key = \(group) AND other.group_key IS NOT NULL
                AND other.matched_account = 'nothing' AND other.account_id IS NULL
                AND other.finished_at IS NULL
                AND other.state <> 'held' AND other.state <> 'finishing'))
        """
    }

    /// The condition that the last call of an update in doubt can no longer be running: what it set
    /// may be set again, and nobody needs wait for it, however long its own pause is.
    /// - Parameters:
    ///   - followUp: The name of its row in the query.
    ///   - call: The name of the row of its last call, which may be none.
    static func isOver(_ followUp: String, _ call: String) -> String {
        """
        (\(followUp).doubt = 'answered' OR \(call).id IS NULL
            OR iif(\(call).boot_id = :boot, \(call).uptime_ms <= :over, :over >= 0))
        """
    }

    /// The condition that a call may be converting into an account. One whose lead is converted is
    /// over, whatever is to follow.
    /// - Parameter name: The account's first 15 characters, as an SQL expression.
    static func accountIsConverted(_ name: String) -> String {
        """
        (EXISTS (
            SELECT 1 FROM jobs AS other INDEXED BY jobs_busy_accounts
            WHERE substr(other.account_id, 1, 15) = \(name)
                AND other.account_id IS NOT NULL AND \(WorkKind.isInFlight("other"))
                AND other.state <> 'finishing'
                AND NOT (other.state = 'verifying' AND EXISTS (
                    SELECT 1 FROM calls
                    WHERE calls.id = other.call_id
                        AND iif(boot_id = :boot, uptime_ms <= :over, :over >= 0)))))
        """
    }
}

/// The moment of a claim, as its queries ask about it.
struct ClaimMoment {
    let now: Timestamp
    /// Whether the transport has a place for inputs of the org's own.
    let takesExtra: Bool
    /// How long what a search found holds. Where calls are far apart it holds until the one after the search,
    /// or leads would be searched for again and again and never converted.
    let matchesLastMS: Int64
    private let bootID: String
    /// What was called at this uptime or before is over.
    private let over: Int64

    init(_ start: CallStart) {
        now = start.at.wall
        takesExtra = start.takesExtra
        let isFarApart = start.waited?.reason == .token || start.waited?.reason == .allowance
        matchesLastMS = max(15 * 60_000, isFarApart ? 2 * (start.waited?.milliseconds ?? 0) : 0)
        bootID = start.at.bootID
        over = start.lifetimeSinceClaimMS.map { start.at.uptimeMS - $0 } ?? .min
    }

    var arguments: [String: (any DatabaseValueConvertible)?] {
        ["now": now.description, "boot": bootID, "over": over]
    }
}
