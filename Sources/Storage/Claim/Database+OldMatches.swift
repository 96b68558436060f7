import Conversion
import GRDB

/// What a search found holds for a while: then somebody else may have made what was not there.
extension Database {
    /// So many are searched for again by one claim.
    private static let mostForgotten = 2000

    /// Whether the contact of a job is one that somebody gave it, before or after a search.
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
    /// lead may have been pruned, unless that is gone. A job whose contact is searched for first joins none.
    static let accountToJoinAgain = """
        coalesce(
            CASE WHEN match_account = 0 OR match_email IS NULL THEN \(accountOfGroup) END,
            CASE WHEN (match_account = 0 OR match_email IS NULL) AND joined_account = 1
                AND NOT \(accountIsGone) THEN account_id END)
        """

    /// Has what was found long ago searched for again; a group that has an account by now is in it.
    /// - Parameter isCareful: Whether each job is handled alone, and fails if its row breaks a rule.
    func forgetOldMatches(at moment: ClaimMoment, carefully isCareful: Bool) throws {
        let old = try oldMatches(at: moment)
        guard isCareful else { return try forgetMatches(of: old) }
        for job in old {
            guard let rule = try ruleBroken(by: { try forgetMatches(of: [job]) }) else { continue }
            try failInvalidRow(job, breaking: rule, at: moment.now)
        }
    }

    private func oldMatches(at moment: ClaimMoment) throws -> [Int64] {
        let sql = """
            SELECT id FROM jobs INDEXED BY jobs_matched
            WHERE state = 'queued' AND matched_at IS NOT NULL
                AND (matched_at < ?1 OR matched_at > ?2) AND joins_duplicate = 0
            LIMIT ?3
            """
        return try Int64.fetchAll(
            cachedStatement(sql: sql),
            arguments: [
                (moment.now + -moment.matchesLastMS).description,
                (moment.now + 60_000).description, Self.mostForgotten,
            ])
    }

    /// A job that was given a contact meanwhile keeps it, and none is searched for again.
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
