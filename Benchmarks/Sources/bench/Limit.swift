/// How fast this machine's SQLite takes leads through a queue when nothing but its C API is asked:
/// one table, one partial index, and for each call of a hundred one durable write that claims it
/// and one that settles it. No lead is sent, nothing is logged.
struct Limit {
    private static let callSize = 100
    private let database: SQLiteConnection

    init(path: String) throws {
        database = try SQLiteConnection(path: path)
        try database.execute(
            """
            CREATE TABLE leads (
                id INTEGER PRIMARY KEY,
                lead_id TEXT NOT NULL,
                status TEXT NOT NULL,
                opportunity_name TEXT,
                owner_id TEXT,
                state INTEGER NOT NULL DEFAULT 0,
                account_id TEXT,
                contact_id TEXT,
                opportunity_id TEXT
            ) STRICT;
            CREATE INDEX leads_to_send ON leads (id) WHERE state = 0;
            """)
    }

    /// Puts leads in, in one transaction.
    func fill(rows: Int) throws -> Rate {
        let insert = try database.prepare(
            "INSERT INTO leads (lead_id, status, opportunity_name, owner_id) VALUES (?, ?, ?, ?)")
        return try Rate(
            rows,
            .of {
                try transaction {
                    for number in 0..<rows { try SampleLead(number).insert(with: insert) }
                }
            })
    }

    /// Takes them all through.
    func drain() throws -> Rate {
        let claim = try database.prepare(
            """
            UPDATE leads SET state = 1
            WHERE id IN (SELECT id FROM leads WHERE state = 0 ORDER BY id LIMIT \(Self.callSize))
            RETURNING id, lead_id, status, opportunity_name, owner_id
            """)
        let settle = try database.prepare(
            "UPDATE leads SET state = 2, account_id = ?, contact_id = ?, opportunity_id = ?"
                + " WHERE id = ? AND state = 1")
        settle.bind("001Ws000002XyZaIAK" as StaticString, at: 1)
        settle.bind("003Ws000003PqRsIAK" as StaticString, at: 2)
        settle.bind("006Ws000004LmNoIAK" as StaticString, at: 3)
        var settled = 0
        let cost = try Cost.of {
            while true {
                var ids: [Int64] = []
                try transaction {
                    while try claim.step() { ids.append(claim.integer(at: 0)) }
                }
                guard !ids.isEmpty else { return }
                try transaction {
                    for id in ids {
                        settle.bind(id, at: 4)
                        try settle.run()
                    }
                }
                settled += ids.count
            }
        }
        return Rate(settled, cost)
    }

    private func transaction(_ body: () throws -> Void) throws {
        try database.execute("BEGIN IMMEDIATE")
        try body()
        try database.execute("COMMIT")
    }
}
