import Conversion
import GRDB

/// A row whose lead an earlier row of the same input names.
public struct RepeatedRow: Sendable, Equatable {
    /// Where it stands in the input, as it was given with the lead.
    public let place: Int
    /// Where the earlier one stands.
    public let first: Int
}

/// Where in their input the leads of an enqueue stand, by the numbers of their jobs.
///
/// Which leads an input names twice is known by the index of the jobs, so that no lead needs to be
/// remembered; only where the first one stands. Jobs are mostly added in the order of rows that
/// follow each other, and are one run then, however many they are. Runs that are many go through a
/// temporary file of SQLite's: an input may have any number of rows, in the same memory.
final class InputPlaces {
    /// Jobs with numbers that follow each other, from rows that do.
    private struct Run {
        var job: Int64
        var place: Int
        var count: Int64 = 1

        func place(of job: Int64) -> Int? {
            (self.job..<self.job + count).contains(job) ? place + Int(job - self.job) : nil
        }
    }

    private var last: Run?
    private var others: DatabaseQueue?
    /// How many runs are kept.
    private(set) var runs = 0

    /// Remembers where a job's lead stands.
    /// - Throws: `OperatorError` 74 when there is no room for it.
    func record(_ job: Int64, at place: Int) throws {
        if let run = last {
            if job == run.job + run.count, place == run.place + Int(run.count) {
                last?.count += 1
                return
            }
            try write { database in
                try database.cachedStatement(sql: "INSERT INTO runs VALUES (?, ?, ?)")
                    .execute(with: run.job, Int64(run.place), run.count)
            }
        }
        last = Run(job: job, place: place)
        runs += 1
    }

    /// Where a job's lead stands; nil when the input has not named it yet.
    func place(of job: Int64) throws -> Int? {
        if let place = last?.place(of: job) { return place }
        guard others != nil else { return nil }
        let sql = "SELECT job, place, count FROM runs WHERE job <= ? ORDER BY job DESC LIMIT 1"
        return try write { database in
            try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [job])
                .map { Run(job: $0[0], place: $0[1], count: $0[2]) }?.place(of: job)
        }
    }

    private func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            let database = try others ?? Self.temporary()
            others = database
            return try database.inDatabase(body)
        } catch let error as DatabaseError {
            throw OperatorError(
                .inputOutput,
                "Where leads stand can't be kept in a temporary file: \(error.message ?? "no room").",
                remedy: "Name a folder that has room with TMPDIR.")
        }
    }

    /// A database that is a file as far as it does not fit into some memory, and that nobody else finds.
    private static func temporary() throws -> DatabaseQueue {
        let database = try DatabaseQueue(path: "")
        try database.inDatabase {
            try $0.execute(
                sql: """
                    PRAGMA journal_mode = OFF;
                    CREATE TABLE runs (
                        job INTEGER PRIMARY KEY, place INTEGER NOT NULL, count INTEGER NOT NULL);
                    """)
        }
        return database
    }
}
