public import Conversion
import GRDB

/// What a job asks otherwise when it is sent again, as its policy says; each once.
public enum Redirection: Sendable, Equatable {
    /// The lead joins this account, which a duplicate rule named.
    case account(RecordID)
    /// The lead joins this contact, which a duplicate rule named, if it belongs to that account; nil
    /// is any account.
    case contact(RecordID, account: RecordID?)
    /// The lead goes without the account of its group, which is gone.
    case withoutAccount
    /// The policy's fallback owner owns what is made of the lead.
    case fallbackOwner

    /// Whether it joins what a duplicate rule named. That is in the answer only, and harms nobody whom
    /// an earlier call has converted: he is refused again.
    public var joinsDuplicate: Bool {
        switch self {
        case .account, .contact: true
        case .withoutAccount, .fallbackOwner: false
        }
    }
}

extension Database {
    /// Changes what a job asks that is no longer in flight. `matched_account` marks an account that
    /// was not given, so that `retry` looks again.
    func redirect(_ job: Int64, _ redirection: Redirection, at time: String) throws {
        switch redirection {
        case .account(let account):
            try join(job, account, contact: nil, at: time)
        case .contact(let contact, let account):
            try join(job, account, contact: contact, at: time)
        case .withoutAccount:
            try dropAccount(of: job)
        case .fallbackOwner:
            let sql = "UPDATE jobs SET needs_fallback_owner = 1 WHERE id = ?"
            try cachedStatement(sql: sql).execute(arguments: [job])
        }
    }

    private func join(
        _ job: Int64, _ account: RecordID?, contact: RecordID?, at time: String
    ) throws {
        let sql = """
            UPDATE jobs SET joins_duplicate = 1,
                matched_account = CASE WHEN account_id IS NULL AND ?1 IS NOT NULL
                    THEN 'account' ELSE matched_account END,
                account_id = coalesce(account_id, ?1), duplicate_contact_id = ?2,
                matched = CASE WHEN ?2 IS NULL THEN matched END
            WHERE id = ?3
            """
        try cachedStatement(sql: sql).execute(arguments: [
            account?.description, contact?.description, job,
        ])
        guard let account else { return }
        // The rest of its group goes there, too: whoever comes before it would make another.
        let group = "SELECT group_key FROM jobs WHERE id = ?"
        if let group = try String.fetchOne(cachedStatement(sql: group), arguments: [job]) {
            try join(account.description, group, isOfContact: contact != nil, at: time)
        }
    }

    /// Of another account of the group, if it has one by now; else it is searched for, or made.
    private func dropAccount(of job: Int64) throws {
        let drop = """
            UPDATE jobs SET dropped_account_id = account_id, account_id = NULL, contact_id = NULL,
                joined_account = 0, matched_account = NULL, matched = NULL, matched_at = NULL
            WHERE id = ?
            """
        try cachedStatement(sql: drop).execute(arguments: [job])
        let join = """
            UPDATE jobs SET account_id = \(Self.accountOfGroup), joined_account = 1
            WHERE id = ? AND \(Self.joinsItsGroup) AND \(Self.accountOfGroup) IS NOT NULL
            """
        try cachedStatement(sql: join).execute(arguments: [job])
    }
}

/// What a search found is believed for a while: then somebody else may have made what was not there.
extension Database {
    private static let matchLastsMS: Int64 = 15 * 60_000
    /// So many are searched for again by one claim.
    private static let mostForgotten = 2000

    /// Whether the contact of a job is one that somebody gave it, be it after a search.
    static let contactWasGiven = """
        (contact_id IS NOT NULL
            AND (matched IS NULL OR matched NOT IN ('contact', 'contact_and_account')))
        """

    /// Whether the account of a job is one that it was enqueued with, or goes with its given contact:
    /// Salesforce takes no contact without its account, and the schema takes none either.
    static let accountWasGiven = """
        account_id IS NOT NULL AND (\(contactWasGiven)
            OR joined_account = 0 AND matched_account IS NOT 'account'
                AND (matched IS NULL OR matched NOT IN ('account', 'contact_and_account')))
        """

    /// The account that a job of a group joins when it is retried: the group's, or the one it had, whose
    /// lead may have been pruned, unless that is gone. Who has a contact searched for first joins none.
    static let accountToJoinAgain = """
        coalesce(
            CASE WHEN match_account = 0 OR match_email IS NULL THEN \(accountOfGroup) END,
            CASE WHEN (match_account = 0 OR match_email IS NULL) AND joined_account = 1
                AND NOT \(accountIsGone) THEN account_id END)
        """

    /// Has what was found long ago searched for again; a group that has an account by now is in it.
    /// - Parameter isCareful: Whether each job is to be seen to alone, and to fail if its row breaks a rule.
    func forgetOldMatches(at now: Timestamp, carefully isCareful: Bool = false) throws {
        let old = try oldMatches(at: now)
        guard isCareful else { return try forgetMatches(of: old) }
        for job in old {
            guard let rule = try ruleBroken(by: { try forgetMatches(of: [job]) }) else { continue }
            try failOddRow(job, breaking: rule, at: now)
        }
    }

    private func oldMatches(at now: Timestamp) throws -> [Int64] {
        let sql = """
            SELECT id FROM jobs INDEXED BY jobs_matched
            WHERE state = 'queued' AND matched_at IS NOT NULL
                AND (matched_at < ?1 OR matched_at > ?2) AND joins_duplicate = 0
            LIMIT ?3
            """
        return try Int64.fetchAll(
            cachedStatement(sql: sql),
            arguments: [
                (now + -Self.matchLastsMS).description, (now + 60_000).description,
                Self.mostForgotten,
            ])
    }

    /// Who was given a contact meanwhile keeps it, and is not searched for again.
    private func forgetMatches(of jobs: [Int64]) throws {
        guard !jobs.isEmpty else { return }
        let forget = """
            UPDATE jobs SET contact_id = CASE WHEN \(Self.contactWasGiven) THEN contact_id END,
                account_id = CASE WHEN \(Self.accountWasGiven) OR joined_account = 1
                    THEN account_id END,
                matched = CASE WHEN \(Self.contactWasGiven) THEN matched END,
                matched_account = NULL, matched_at = NULL
            WHERE id IN (SELECT value FROM json_each(?))
            """
        try cachedStatement(sql: forget).execute(arguments: [jobs.json])
        let join = """
            UPDATE jobs SET account_id = \(Self.accountOfGroup), joined_account = 1
            WHERE id IN (SELECT value FROM json_each(?)) AND account_id IS NULL
                AND group_key IS NOT NULL AND \(Self.joinsItsGroup)
                AND \(Self.accountOfGroup) IS NOT NULL
            """
        try cachedStatement(sql: join).execute(arguments: [jobs.json])
    }
}
