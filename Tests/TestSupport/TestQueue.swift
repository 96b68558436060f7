public import Conversion
public import Foundation
public import Storage

/// Runs `body` with a new queue in a real file.
public func withQueue<Result>(
    as role: JobQueue.Role = .client, _ body: (JobQueue) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        try await body(JobQueue(path: folder.appendingPathComponent("queue.db").path, as: role))
    }
}

extension RecordID {
    /// The id of the lead with this number; each number gives another.
    public static func lead(_ number: Int) throws -> RecordID {
        let digits = String(number)
        let stem = "00QWs" + String(repeating: "0", count: 10 - digits.count) + digits
        return try RecordID(stem, of: .lead)
    }
}

extension LeadConversion {
    /// A plain conversion of the lead with this number.
    public static func lead(_ number: Int) throws -> LeadConversion {
        LeadConversion(leadID: try .lead(number), convertedStatus: "Qualified")
    }
}

extension Moment {
    /// So many milliseconds after noon of a certain day, on the same boot.
    public static func ms(_ milliseconds: Int64) -> Moment {
        Moment(
            wall: Timestamp(milliseconds: 1_795_348_800_000 + milliseconds),
            uptimeMS: 1_000_000 + milliseconds, bootID: "test")
    }
}

extension JobQueue {
    /// Adds plain leads with these numbers.
    public func add(_ leads: some Sequence<Int>, _ options: EnqueueOptions = .init()) throws {
        try enqueue(options, at: Moment.ms(0).wall) { queue in
            for lead in leads { try queue.add(.lead(lead)) }
        }
    }

    /// Adds plain leads with these numbers and the addresses of the contacts to look for.
    public func add(_ leads: [(Int, String?)], _ options: EnqueueOptions = .init()) throws {
        try enqueue(options, at: Moment.ms(0).wall) { queue in
            for (number, address) in leads {
                var lead = try LeadConversion.lead(number)
                lead.matchEmail = address
                try queue.add(lead)
            }
        }
    }

    /// All jobs, by lead number order of insertion.
    public func jobs(_ filter: JobFilter = .init()) throws -> [TableRow] {
        var rows: [TableRow] = []
        try reports.readJobs(filter) { rows.append($0) }
        return rows
    }

    /// The whole run log.
    public func log(_ filter: LogFilter = .init()) throws -> [TableRow] {
        var rows: [TableRow] = []
        try reports.readLog(filter) { rows.append($0) }
        return rows
    }

    /// All calls.
    public func calls() throws -> [TableRow] {
        var rows: [TableRow] = []
        try reports.readCalls { rows.append($0) }
        return rows
    }
}

extension TableRow {
    /// The text of a column; nil when it holds none.
    public func text(_ column: String) -> String? {
        if case .text(let text) = self[column] { text } else { nil }
    }

    /// The number in a column; nil when it holds none.
    public func number(_ column: String) -> Int64? {
        if case .integer(let number) = self[column] { number } else { nil }
    }
}

extension JobQueue {
    /// The run log of one lead.
    public func log(of lead: String) throws -> [TableRow] {
        var filter = LogFilter()
        filter.lead = try RecordID(lead, of: .lead)
        return try log(filter)
    }
}

extension Timestamp {
    /// The wall clock's time.
    public static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
}

/// Runs `body` with a folder of its own, which is gone afterwards, whatever happens.
/// - Parameter inMemory: Where there is a file system in memory, it is there.
public func withTemporaryFolder<Result>(
    inMemory: Bool = false, _ body: (URL) async throws -> Result
) async throws -> Result {
    let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    let folder = (inMemory && isThere ? memory : FileManager.default.temporaryDirectory)
        .appendingPathComponent("leadconvert-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
        let result = try await body(folder)
        try FileManager.default.removeItem(at: folder)
        return result
    } catch {
        try FileManager.default.removeItem(at: folder)
        throw error
    }
}

extension Settlements {
    /// Settles one call.
    /// - Returns: How many jobs, or follow-ups, were settled.
    @discardableResult
    public func settle(
        _ end: CallEnd, _ settlements: [Settlement], _ findings: [MatchFinding] = [],
        _ followUps: [FollowUpSettlement] = []
    ) throws -> Int {
        var call = SettledCall(end)
        call.settlements = settlements
        call.findings = findings
        call.followUps = followUps
        return try settle([call])[0]
    }
}
