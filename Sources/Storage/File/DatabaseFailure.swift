import Conversion
import GRDB
import Glibc

/// SQLite's result codes as sentences for the operator.
enum DatabaseFailure {
    /// Runs `body`; a fault of the file comes out as an `OperatorError`.
    static func explained<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw explain(error, path)
        }
    }

    private static func explain(_ error: DatabaseError, _ path: String) -> OperatorError {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            OperatorError(
                .tryLater, "\(path) is locked by another writer.",
                remedy: "Try again, or end the program that holds a transaction open on it.")
        case .SQLITE_NOTADB:
            OperatorError(
                .configuration, "\(path) is not a SQLite file.",
                remedy: "Name another file with --db or LEADCONVERT_DB.")
        case .SQLITE_CANTOPEN where access(path, F_OK) == 0:
            OperatorError(
                .inputOutput, "\(path) can't be opened.",
                remedy: "It must be a file that this user may read and write, in a folder that it "
                    + "may write to: SQLite keeps -wal and -shm files beside it.")
        case .SQLITE_CANTOPEN:
            OperatorError(
                .cannotCreate, "\(path) can't be opened or made.",
                remedy: "Its folder must exist and be writable for this user: SQLite keeps "
                    + "-wal and -shm files beside it.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            OperatorError(
                .inputOutput, "\(path) can't be written.",
                remedy:
                    "The file, its -wal and -shm, and its folder must be writable for this user.")
        case .SQLITE_FULL:
            OperatorError(
                .inputOutput, "No room is left to write \(path).",
                remedy: "Free some disk space, then start again; nothing that was recorded is lost."
            )
        case .SQLITE_CORRUPT:
            OperatorError(
                .inputOutput, "\(path) is damaged.",
                remedy: "Keep it, restore the last backup in its place and start again: what was "
                    + "converted since is found out from Salesforce.")
        case .SQLITE_CONSTRAINT:
            OperatorError(.dataRefused, error.message ?? "A rule of \(path) was broken.")
        default:
            OperatorError(
                .inputOutput,
                "\(path) can't be read or written: \(sentence(of: error)).")
        }
    }

    /// A copy that fails takes its message from the connection whose fault it is not.
    private static func sentence(of error: DatabaseError) -> String {
        guard let message = error.message, message != "not an error" else {
            return "\(error.extendedResultCode)"
        }
        return message
    }
}
