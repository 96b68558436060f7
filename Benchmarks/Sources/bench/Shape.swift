/// How due leads may lie in a queue, so that a claim has to look for them.
enum Shape: CaseIterable {
    /// In a thousand batches, which share each call.
    case batches
    /// Each with a priority of its own.
    case priorities
    /// All of one account, of which one call at a time may carry leads.
    case account

    var title: String {
        switch self {
        case .batches: "  of a thousand batches"
        case .priorities: "  each with a priority of its own"
        case .account: "  all of one account"
        }
    }

    /// Puts so many leads into a queue of the product whose schema is there.
    func write(_ leads: Int, to path: String) throws {
        let database = try SQLiteConnection(path: path)
        let column =
            switch self {
            case .batches: "batch_id"
            case .priorities: "priority"
            case .account: "account_id"
            }
        let value =
            switch self {
            case .batches: "1 + n % 1000"
            case .priorities: "n"
            case .account: "'001Ws000002XyZaIAK'"
            }
        try database.execute(
            """
            BEGIN IMMEDIATE;
            INSERT INTO batches (name)
            WITH RECURSIVE numbers (n) AS (
                SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
            SELECT 'batch ' || n FROM numbers;
            INSERT INTO jobs (lead_id, converted_status, \(column))
            WITH RECURSIVE numbers (n) AS (
                SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(leads))
            SELECT printf('00QWs%010dMAA', n), 'Closed - Converted', \(value) FROM numbers;
            COMMIT;
            """)
    }
}
