import Conversion
import Storage

/// Whose contacts are looked for in one query.
enum MatchPlan {
    /// Addresses in one query at most.
    static let most = 200
    /// Bytes of the addresses in its URL. With its headers it may have 16,384 (Salesforce Developer
    /// Limits, API request limits).
    private static let bytes = 12_000

    /// Those that fit, in their order; of leads with one address the first, which may make the
    /// contact that the others then find.
    static func choose(_ offered: [ClaimedJob]) -> [ClaimedJob] {
        var addresses: Set<FoldedKey> = []
        var room = bytes
        return offered.filter { job in
            guard let address = job.conversion.matchEmail else { return false }
            room -= cost(address)
            // The first always goes, or nobody would.
            guard room >= 0 || addresses.isEmpty else { return false }
            return addresses.insert(FoldedKey(address)).inserted
        }
    }

    /// What an address takes in the URL: escaped, quoted, with its comma.
    private static func cost(_ address: String) -> Int {
        address.utf8.reduce(9) { sum, byte in
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): sum + 6
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                sum + 1
            default: sum + 3
            }
        }
    }
}
