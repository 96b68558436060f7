import Conversion
import Storage

/// Which of the jobs that are next in line travel in one call.
enum CallPlan {
    /// The first in line goes, or one of its group; and with it those that may share its call.
    ///
    /// - Leads of a call that failed as a whole stay with their half, so that the one that breaks
    ///   it comes to stand alone.
    /// - What a policy asks for the call as a whole, such as overriding duplicate rules, is a header of
    ///   the call: all its leads must want the same.
    /// - Of a group that has no account yet only one goes: it makes the account that the others
    ///   then join. Two in one call would make two; and beside one that has an account, it waits
    ///   to join that.
    static func choose(_ offered: [ClaimedJob]) -> [ClaimedJob] {
        guard let first = offered.first else { return [] }
        let alike = offered.filter { job in
            job.split == first.split && job.policy.options == first.policy.options
        }
        var groups = Set(
            alike.compactMap {
                $0.conversion.accountID == nil ? nil : $0.groupKey.map(FoldedKey.init)
            })
        return alike.filter { job in
            guard let group = job.groupKey, job.conversion.accountID == nil else { return true }
            return groups.insert(FoldedKey(group)).inserted
        }
    }
}
