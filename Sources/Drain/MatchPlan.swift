import Conversion
public import Storage

/// Whose contacts, or whose groups' accounts, are looked for in one query.
public enum MatchPlan {
    /// Contacts, or groups, in one query at most.
    static let most = 200

    /// Those that fit, in their order; of leads with one address the first, which may make the
    /// contact that the others then find.
    public static func choose(_ offered: [ClaimedJob]) -> [ClaimedJob] {
        var keys: Set<FoldedKey> = []
        var room = String.mostBytesOfQueryValues
        return offered.filter { job in
            guard let key = job.contactKey?.text else { return false }
            room -= key.bytesAsQueryValue
            // The first always goes, or nobody would.
            guard room >= 0 && keys.count < most || keys.isEmpty else { return false }
            return keys.insert(FoldedKey(key)).inserted
        }
    }

    /// Jobs in one search for accounts at most: leads of one group share one question.
    static let mostOfGroups = 1000

    /// Those whose groups fit, in their order.
    public static func chooseGroups(_ offered: [ClaimedJob]) -> [ClaimedJob] {
        var keys: Set<FoldedKey> = []
        var room = String.mostBytesOfQueryValues
        return offered.filter { job in
            guard let group = job.groupKey else { return false }
            let key = FoldedKey(group)
            if keys.contains(key) { return true }
            room -= group.bytesAsQueryValue
            guard room >= 0 && keys.count < most || keys.isEmpty else { return false }
            return keys.insert(key).inserted
        }
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
