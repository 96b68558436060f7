import Conversion
import GRDB
import TestSupport

@testable import Drain
@testable import Storage

/// For a while each record of some kinds is refused with the same code: locks, or the org's own code. What
/// tells that from records of their own fault is their number, so such a world has more leads than others,
/// and more of them ask for what follows.
struct Storm {
    var time: Range<Int64>
    var code: String
    var kinds: Set<FollowUpKind>
    /// Leads that are there besides the world's own.
    var leads: Int
    /// How many records it takes to tell that it is about all.
    static let mostCharged = FailureRun.mostInARow

    static let codes = [
        "UNABLE_TO_LOCK_ROW", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "UNKNOWN_EXCEPTION",
        "SERVER_UNAVAILABLE", "TOO_MANY_APEX_REQUESTS",
    ]

    /// In one world of thirty: they are large.
    static func draw(seed: UInt64) -> Storm? {
        var chance = SeededGenerator(seed: seed &+ 0x7374_6f72_6d21_2121)
        guard chance.happens(0.035) else { return nil }
        let start = Int64.random(in: 0...30_000, using: &chance)
        return Storm(
            time: start..<start + Int64.random(in: 1...25, using: &chance) * 60_000,
            code: codes.randomElement(using: &chance) ?? codes[0],
            kinds: chance.happens(0.5)
                ? [.set] : chance.happens(0.5) ? [.note, .task] : [.set, .note, .task],
            leads: Int.random(in: 25...45, using: &chance))
    }
}

extension World {
    /// What each record gets now, if it is of a kind that all are refused of.
    func stormOutcome(of kind: FollowUpKind) -> RecordOutcome? {
        guard let storm = trouble.storm, storm.time.contains(trueMS), storm.kinds.contains(kind)
        else { return nil }
        livesInStorm.insert(life)
        return OddAnswer.outcome(ofRecord: storm.code)
    }

    /// Of those that were refused by all no more fail for it, in each life of the daemon, than it takes to
    /// tell that it is about all.
    func stormFailedFew() throws {
        guard let storm = trouble.storm else { return }
        let sql = "SELECT count(*) FROM jobs WHERE after_code = ?"
        let failed = try queue.read { try Int.fetchOne($0, sql: sql, arguments: [storm.code]) } ?? 0
        let most = Storm.mostCharged * livesInStorm.count
        guard failed <= most else {
            throw Broken("\(failed) failed with \(storm.code), in \(livesInStorm.count) lives")
        }
    }
}
