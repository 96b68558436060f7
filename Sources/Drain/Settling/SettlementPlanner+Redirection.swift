import Conversion
import Storage

/// A lead that was refused for good goes again at once where its policy says how else: into what a
/// duplicate rule named, under another owner, or without an account of its group that is gone. Each is done once for a job, and uses no attempt.
extension SettlementPlanner {
    func redirected(
        _ back: Settlement, _ redirection: Redirection, _ reason: Reason
    ) -> Settlement {
        var back = back
        back.reason = reason
        back.redirection = redirection
        back.nextRunAt = now.wall
        return back
    }

    /// How it goes again, as far as the refusal itself shows.
    func redirection(
        of job: ClaimedJob, refusedFor reason: Reason, naming records: DuplicateRecords
    ) -> Redirection? {
        if wantsFallbackOwner(job), Self.ownerCodes.contains(reason.code) { return .fallbackOwner }
        if job.mayDropAccount, Self.accountCodes.contains(reason.code) { return .withoutAccount }
        return duplicate(for: job, records)
    }

    /// What an account that was deleted or merged is refused with, among others: a lead that also
    /// fails without the account has another fault.
    private static let accountCodes: Set = ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"]

    /// What they say of the lead's owner has one meaning. What a queue's lead is refused with is not
    /// documented: it is read.
    private static let ownerCodes: Set = ["INACTIVE_OWNER_OR_USER", "INVALID_OWNER"]

    /// Whether a queue may own the lead, so that reading it shows why it was refused.
    func mayBeOwnedByQueue(_ job: ClaimedJob) -> Bool { wantsFallbackOwner(job) }

    /// How it goes again, as far as a reading shows. That an account is gone is believed of a lead that
    /// an earlier call may have converted only now: its refusal may have come of that. What a queue's lead
    /// is refused with may be a code that nobody knows: then the reading alone tells.
    func redirection(of job: InDoubtJob, _ reading: LeadReading) -> Redirection? {
        if job.doubt == .unlisted, reading == .ownedByQueue, wantsFallbackOwner(job.job) {
            return .fallbackOwner
        }
        guard job.doubt == .failing else { return nil }
        if job.job.mayDropAccount, Self.accountCodes.contains(job.reason.code) {
            return .withoutAccount
        }
        guard wantsFallbackOwner(job.job) else { return nil }
        let isOwners = reading == .ownedByQueue || Self.ownerCodes.contains(job.reason.code)
        return isOwners ? .fallbackOwner : nil
    }

    private func wantsFallbackOwner(_ job: ClaimedJob) -> Bool {
        job.policy.fallbackOwner != nil && job.conversion.ownerID == nil && !job.needsFallbackOwner
    }

    /// The one record to join: of several none is meant more than the others, and a contact goes
    /// together with its account only.
    private func duplicate(for job: ClaimedJob, _ records: DuplicateRecords) -> Redirection? {
        guard job.policy.onDuplicates == .join, !job.joinsDuplicate,
            job.conversion.contactID == nil
        else { return nil }
        let given = job.conversion.accountID
        switch (records.accounts.count, records.contacts.count) {
        case (1, 0) where given == nil: return .account(records.accounts[0])
        case (0, 1): return .contact(records.contacts[0], account: given)
        case (1, 1) where given == nil || given == records.accounts[0]:
            return .contact(records.contacts[0], account: records.accounts[0])
        default: return nil
        }
    }
}
