import Conversion
package import Storage

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

/// Whose contacts, or whose groups' accounts, are searched for in one query.
public enum SearchPlan {
    /// Addresses, contacts or groups in one query at most.
    package static let mostKeys = 200
    /// Jobs in one search at most: leads of one address, or of one group, share one query.
    static let mostJobs = 1000

    /// Those that fit, in their order: of an address, a contact or a group all.
    package static func choose(
        _ offered: [ClaimedJob], for kind: SearchKind, mostKeys: Int = mostKeys
    ) -> [ClaimedJob] {
        var keys: Set<FoldedKey> = []
        var room = String.mostBytesOfQueryValues
        return offered.filter { job in
            guard let text = kind.key(of: job) else { return false }
            let key = FoldedKey(text)
            if keys.contains(key) { return true }
            room -= text.bytesAsQueryValue
            // The first always goes, or nobody would.
            guard room >= 0 && keys.count < mostKeys || keys.isEmpty else { return false }
            return keys.insert(key).inserted
        }
    }
}
