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

extension ClaimedJob {
    /// A number that all leads of its group have, in place of the job's own where the group is asked
    /// about: FNV-1a over the folded key.
    var groupNumber: Int64 {
        let hash = (groupKey ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            let folded = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            return (hash ^ UInt64(folded)) &* 0x100_0000_01b3
        }
        return Int64(bitPattern: hash)
    }
}

extension ClaimedAccountMatch {
    /// The groups that it asks about, by their numbers.
    var groups: [Int64] { Array(Set(jobs.map(\.groupNumber))) }
}

extension ContactKey {
    fileprivate var text: String {
        switch self {
        case .email(let address): address
        case .id(let id): id.description
        }
    }
}
