import GRDB

/// A version of SQLite, and what is known of it.
public struct SQLiteVersion: Sendable, Equatable, CustomStringConvertible {
    /// Major, minor, patch.
    public let numbers: [Int]

    /// Reads a version such as `3.40.1`.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        numbers = parts.compactMap { Int($0) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
    }

    private init(numbers: [Int]) {
        self.numbers = numbers
    }

    /// The library that this program runs with. Its number has three digits for minor and patch.
    public static let ofTheLibrary: SQLiteVersion = {
        let number = Int(Database.sqliteLibVersionNumber)
        return SQLiteVersion(numbers: [number / 1_000_000, number / 1000 % 1000, number % 1000])
    }()

    /// `3.40.1`.
    public var description: String { numbers.map(String.init).joined(separator: ".") }

    /// Whether two connections that checkpoint at the same time can lose what was just written.
    ///
    /// Source: sqlite.org, "WAL Mode", "The WAL-Reset Bug": fixed in 3.51.3, and in 3.50.7 and
    /// 3.44.6 for whoever stays with these.
    public var hasWALResetRace: Bool {
        switch (numbers[0], numbers[1]) {
        case (3, 44): numbers[2] < 6
        case (3, 50): numbers[2] < 7
        default: numbers.lexicographicallyPrecedes([3, 51, 3])
        }
    }

    /// Whether it knows all the SQL that we use; STRICT tables came last, with 3.37.
    public var knowsOurSQL: Bool { !numbers.lexicographicallyPrecedes([3, 37, 0]) }
}
