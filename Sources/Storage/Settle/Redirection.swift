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

    /// Whether it joins what a duplicate rule named. Only the answer says so. It is safe: a
    /// lead that is converted already is refused again.
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
        // The rest of its group goes there, too: a lead that leaves before it would make another.
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
