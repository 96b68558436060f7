import Glibc

/// The queue names people's leads: the file, and SQLite's files beside it, are for the owner and
/// the group alone. SQLite gives its -wal and -shm the rights of the file itself.
enum FilePermission {
    static func keepingOthersOut<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = umask(0o007)
        defer { umask(before) }
        return try body()
    }
}
