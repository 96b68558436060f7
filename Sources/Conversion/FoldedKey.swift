/// A group's key or an e-mail address as it is compared: the letters A to Z without their case, all
/// other bytes as they are.
///
/// It is what SQLite's NOCASE does, which whoever enqueues with SQL has, too. `lowercased()` folds
/// more letters, and `==` takes two spellings of an accent for one.
public struct FoldedKey: Hashable, Sendable {
    private let bytes: [UInt8]

    /// The key of a text.
    public init(_ text: String) {
        bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
}
