import ArgumentParser
import Foundation
import Settings
import Storage

/// Which queue a command works on.
struct QueueOptions: ParsableArguments {
    @Option(
        name: .customLong("db"),
        help: ArgumentHelp(
            "The queue's file (default: $LEADCONVERT_DB, else $STATE_DIRECTORY/queue.db, "
                + "else ./queue.db).", valueName: "path"
        )
    )
    var database: String?

    func validate() throws {
        if database?.isEmpty == true { throw ValidationError("--db names no file.") }
    }

    /// Opens the queue; makes it if it isn't there.
    func open() throws -> JobQueue {
        let path = DatabasePath(flag: database, environment: ProcessInfo.processInfo.environment)
        return try JobQueue(path: path.description, as: .client)
    }
}
