import Foundation

/// How long an idle queue takes to see a lead that another process has committed: from the return
/// of its COMMIT to the request at the server.
struct Wake {
    private static let most = Duration.seconds(60)
    private static let rest = 0.03
    private static let idleTime = 5.0

    private let contender: Contender
    private let bench: Bench
    private let queue: String

    init(_ contender: Contender, of bench: Bench, queue: String) {
        self.contender = contender
        self.bench = bench
        self.queue = queue
    }

    func measure(_ figures: inout Figures) throws {
        let server = try InstantServer()
        defer { server.stop() }
        let program = try ChildProcess(
            contender.drain(queue, through: server.url, untilEmpty: false, of: bench),
            limit: Self.most * 3)
        let database = try SQLiteConnection(path: queue)
        let insert = try database.prepare(contender.insert)
        // The first one waits for the start and the login.
        _ = try wake(by: insert, number: 0, server)
        let end = ContinuousClock.now + Self.most
        var number = 1
        while number <= bench.wakes, .now < end {
            figures.wakes.append(try wake(by: insert, number: number, server))
            number += 1
        }
        figures.wakes.sort()
        let before = program.cpu()
        Thread.sleep(forTimeInterval: Self.idleTime)
        figures.idle = (program.cpu() - before) / 1000 / Self.idleTime
        _ = try program.stop()
    }

    private func wake(
        by insert: Statement, number: Int, _ server: InstantServer
    ) throws -> Double {
        let before = server.soFar.leads
        try SampleLead(number).insert(with: insert)
        let commit = ContinuousClock.now
        while server.soFar.leads == before {
            guard commit.duration(to: .now) < .seconds(30) else {
                throw Unfinished(description: "\(contender) does not see a new lead.")
            }
            Thread.sleep(forTimeInterval: 0.001)
        }
        // Let it settle, and be idle again.
        Thread.sleep(forTimeInterval: Self.rest)
        guard let arrival = server.soFar.arrival else { return 0 }
        return commit.duration(to: arrival) / .milliseconds(1)
    }
}

extension Contender {
    /// How another program puts one lead into its queue.
    fileprivate var insert: String {
        switch self {
        case .script:
            """
            INSERT INTO leads (lead_id, status, opportunity_name, owner_id) VALUES (?, ?, ?, ?)
            """
        case .product:
            """
            INSERT INTO jobs (lead_id, converted_status, opportunity_name, owner_id)
            VALUES (?, ?, ?, ?)
            """
        }
    }
}
