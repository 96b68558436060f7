import GRDB

@testable import Storage

/// Counts what the daemon does while nothing comes of it: passes without an event, and calls
/// without a lead that moves on.
struct Watch {
    /// Pauses here are a tenth of the daemon's own, so what it does in some of their hours stands
    /// in one; a probe each 2 s without a growing pause would be over a thousand.
    private static let most = (passes: 20, callsAnHour: 150)
    private static let hour: Int64 = 3_600_000

    private var second: Int64 = 0
    private var passes = 0
    /// Calls since the last move, by when they started.
    private var idleCalls: [Int64] = []
    private var moved = 0
    /// When the last hour began, with nothing left but leads that nobody can help.
    var lastHourFrom: Int64?
    /// Whether nothing more will come: the last hour is over, or the daemon has ended.
    private(set) var isOver = false
    private(set) var mostIdleCalls = 0

    /// The daemon looks for something to do.
    mutating func pass(at now: Int64) throws {
        if now / 1000 != second {
            second = now / 1000
            passes = 0
        }
        passes += 1
        guard passes <= Self.most.passes else {
            throw Broken("more than \(Self.most.passes) passes in a second, and nothing happened")
        }
    }

    /// Something happened, so that the daemon looks by right.
    mutating func eventHappened(at now: Int64) {
        if now / 1000 == second { passes -= 1 }
    }

    mutating func callStarts(at now: Int64) {
        idleCalls.append(now)
    }

    /// Whether a lead has moved on; if none has, the calls that were made for nothing are counted.
    mutating func look(at now: Int64, _ queue: JobQueue, _ org: SimulatedOrg) throws {
        let settled = try queue.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) + coalesce(sum(attempts), 0)
                        + (SELECT count(*) + coalesce(sum(attempts), 0) FROM follow_ups
                            WHERE state IN ('done', 'failed'))
                    FROM jobs
                    WHERE state IN ('converted', 'failed', 'cancelled')
                    """) ?? 0
        }
        let moves = settled + org.conversions + org.followUps.commits
        if moves != moved {
            moved = moves
            idleCalls = []
        }
        idleCalls.removeAll { $0 < now - Self.hour }
        mostIdleCalls = max(mostIdleCalls, idleCalls.count)
        guard idleCalls.count <= Self.most.callsAnHour else {
            throw Broken("\(idleCalls.count) calls in an hour, and no lead has moved on")
        }
    }

    /// The daemon has ended by itself; whoever starts it again wants it to try again.
    mutating func daemonEnded() { idleCalls = [] }

    /// Whether the last hour has gone by.
    func lastHourIsOver(at now: Int64) -> Bool {
        lastHourFrom.map { now >= $0 + Self.hour } ?? false
    }

    /// Nothing more will come.
    mutating func end() { isOver = true }
}
