import Conversion
import Drain

/// How fast this machine's SQLite takes leads through the same states, with the same rows written
/// and the same commits to disk, when nothing but its C API is asked.
final class Limit {
    private let database: BareSQLite
    private let statements: LimitStatements
    private let now = BareText(SystemClock.now().wall.description)
    private let bootID = BareText(SystemClock.now().bootID)
    private let recordID = BareText("001Ws000002XyZaIAK")
    /// Jobs in the call.
    private var jobs: [Int64] = []
    /// The first of their rows in the run log; the others follow it.
    private var firstEntry: Int64 = 0

    init(path: String) throws {
        database = try BareSQLite(path: path)
        statements = try LimitStatements(database)
    }

    func run() throws {
        while let call = try transaction(claim) {
            try transaction { try settle(call) }
        }
    }

    private func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try statements.begin.run()
        let result = try body()
        try statements.commit.run()
        return result
    }

    private func claim() throws -> Int64? {
        while try statements.policies.step() {}
        try offer()
        guard !jobs.isEmpty else { return nil }
        let insert = statements.call
        insert.bind(Int64(jobs.count), at: 1)
        insert.bind(now, at: 2)
        insert.bind(bootID, at: 3)
        try insert.run()
        let call = database.lastInsertedRowID
        try saveLimiter()
        try send(in: call)
        return call
    }

    private func offer() throws {
        let offer = statements.offer
        offer.bind(now, at: 1)
        jobs.removeAll(keepingCapacity: true)
        while try offer.step() { jobs.append(offer.integer(at: 0)) }
    }

    private func send(in call: Int64) throws {
        let list = BareText("[\(jobs.map { String($0) }.joined(separator: ","))]")
        try withExtendedLifetime(list) {
            for statement in [statements.send, statements.open] {
                statement.bind(call, at: 1)
                statement.bind(now, at: 2)
                statement.bind(list, at: 3)
                try statement.run()
            }
        }
        firstEntry = database.lastInsertedRowID - Int64(jobs.count) + 1
    }

    private func settle(_ call: Int64) throws {
        for (index, job) in jobs.enumerated() {
            let move = statements.move
            for column in CInt(1)...3 { move.bind(recordID, at: column) }
            move.bind(now, at: 4)
            move.bind(job, at: 5)
            move.bind(call, at: 6)
            try move.run()
            let close = statements.close
            close.bind(now, at: 1)
            for column in CInt(2)...4 { close.bind(recordID, at: column) }
            close.bind(firstEntry + Int64(index), at: 5)
            try close.run()
        }
        statements.end.bind(now, at: 1)
        statements.end.bind(call, at: 2)
        try statements.end.run()
        try saveLimiter()
    }

    private func saveLimiter() throws {
        let limiter = statements.limiter
        limiter.bind(1e6, at: 1)
        limiter.bind(now, at: 2)
        limiter.bind(bootID, at: 3)
        try limiter.run()
    }
}
