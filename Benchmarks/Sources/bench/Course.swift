import Foundation

/// All measurements of one contender, each on a file of its own.
struct Course {
    private let contender: Contender
    private let folder: URL
    private let bench: Bench

    init(_ contender: Contender, in folder: URL, of bench: Bench) throws {
        self.contender = contender
        self.folder = folder.appendingPathComponent("\(contender)")
        self.bench = bench
        try FileManager.default.createDirectory(
            at: self.folder, withIntermediateDirectories: true)
    }

    func run() throws -> Figures {
        var figures = Figures()
        figures.enqueue = try enqueue(bench.rows, into: "enqueue.db")
        if contender == .product { figures.plainSQL = try plainSQL() }
        try drain(&figures)
        figures.slowDrain = try slowDrain()
        let wake = Wake(contender, of: bench, queue: path("wake.db"))
        _ = try enqueue(0, into: "wake.db")
        try wake.measure(&figures)
        return figures
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// A run that is slower than a thousand a second has come to a halt.
    private func limit(_ count: Int) -> Duration { .seconds(60 + count / 1000) }

    private func enqueue(_ rows: Int, into queue: String) throws -> Rate {
        try SampleLead.write(rows, to: path("leads.csv"))
        let command = contender.enqueue(path("leads.csv"), into: path(queue), of: bench)
        let cost = try ChildProcess.run(command, limit: limit(rows))
        return Rate(rows, cost)
    }

    /// The product's schema, without its programs: what another program's INSERTs cost.
    private func plainSQL() throws -> Rate {
        _ = try enqueue(0, into: "plain.db")
        let database = try SQLiteConnection(path: path("plain.db"))
        // As the schema's manual says.
        try database.execute("PRAGMA temp_store = MEMORY")
        let insert = try database.prepare(
            """
            INSERT INTO jobs (lead_id, converted_status, opportunity_name, owner_id)
            VALUES (?, ?, ?, ?)
            """)
        return try Rate(
            bench.rows,
            .of {
                try database.execute("BEGIN IMMEDIATE")
                for number in 0..<bench.rows { try SampleLead(number).insert(with: insert) }
                try database.execute("COMMIT")
            })
    }

    private func drain(_ figures: inout Figures) throws {
        let (cost, _) = try drain(bench.leads, from: "drain.db", pause: .zero)
        figures.drain = Rate(bench.leads, cost)
        let database = try SQLiteConnection(path: path("drain.db"))
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let size = try FileManager.default.attributesOfItem(atPath: path("drain.db"))[.size]
        figures.bytesPerLead = (size as? Double ?? 0) / Double(bench.leads)
    }

    /// The part of what eight calls of a hundred leads, 200 ms each, could convert at most. By the
    /// server's clock: from the first call to the last answer.
    private func slowDrain() throws -> Double {
        let (_, seen) = try drain(bench.slowLeads, from: "slow.db", pause: .milliseconds(200))
        guard let first = seen.first, let last = seen.last else { return 0 }
        let best = Double(bench.slowLeads) / (8 * 100 / 0.2)
        return best / (first.duration(to: last) / .seconds(1))
    }

    private func drain(
        _ leads: Int, from queue: String, pause: Duration
    ) throws -> (Cost, InstantServer.Seen) {
        _ = try enqueue(leads, into: queue)
        let server = try InstantServer(pause: pause)
        defer { server.stop() }
        let command = contender.drain(
            path(queue), through: server.url, untilEmpty: true, of: bench)
        let cost = try ChildProcess.run(command, limit: limit(leads))
        // Who left leads behind, or sent one twice, was not faster.
        guard server.soFar.leads == leads else {
            throw Unfinished(
                description: "\(contender): \(server.soFar.leads) of \(leads) were converted.")
        }
        return (cost, server.soFar)
    }
}

/// What one contender came to.
struct Figures {
    var enqueue: Rate?
    var plainSQL: Rate?
    var drain: Rate?
    var bytesPerLead: Double?
    /// The part of what is possible.
    var slowDrain: Double?
    /// Milliseconds from a commit to the request, in ascending order.
    var wakes: [Double] = []
    /// The part of a core that waiting for work takes.
    var idle: Double?
}
