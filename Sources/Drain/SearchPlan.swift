import Conversion
public import Storage

/// Whose contacts, or whose groups' accounts, are searched for in one query.
public enum SearchPlan {
    /// Contacts, or groups, in one query at most.
    private static let mostKeys = 200

    /// Jobs in one search at most: leads of one group share one question.
    static func mostJobs(_ kind: SearchKind) -> Int {
        switch kind {
        case .contact: mostKeys
        case .account: 1000
        }
    }

    /// Those that fit, in their order. Of leads with one address the first, which may make the contact
    /// that the others then find; of a group all.
    public static func choose(_ offered: [ClaimedJob], for kind: SearchKind) -> [ClaimedJob] {
        var keys: Set<FoldedKey> = []
        var room = String.mostBytesOfQueryValues
        return offered.filter { job in
            guard let text = kind.key(of: job) else { return false }
            let key = FoldedKey(text)
            if keys.contains(key) { return kind == .account }
            room -= text.bytesAsQueryValue
            // The first always goes, or nobody would.
            guard room >= 0 && keys.count < mostKeys || keys.isEmpty else { return false }
            return keys.insert(key).inserted
        }
    }
}

extension SearchKind {
    fileprivate func key(of job: ClaimedJob) -> String? {
        switch self {
        case .contact: job.contactKey?.text
        case .account: job.groupKey
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
