import Conversion
import GRDB
import TestSupport

@testable import Storage

/// People pause the queue for hours or days. There are some bad minutes before that and some after it,
/// less than half an hour together: nobody may fail for them.
struct LongPause {
    var pause: Range<Int64>
    /// When the bad minutes are over.
    var until: Int64

    /// In one world of ten.
    static func draw(seed: UInt64) -> LongPause? {
        var chance = SeededGenerator(seed: seed &+ 0x6c75_6c6c_2121_2121)
        guard chance.happens(0.1) else { return nil }
        func minutes(_ range: ClosedRange<Int64>) -> Int64 {
            Int64.random(in: range, using: &chance) * 60_000
        }
        let start = minutes(1...10)
        let end = start + minutes(60...6000)
        return LongPause(pause: start..<end, until: end + minutes(5...10))
    }

    func layTrouble(on trouble: inout Trouble) {
        var chance = SeededGenerator(seed: UInt64(bitPattern: until))
        let answers: [OddAnswer] = [
            .eachLead("SERVER_UNAVAILABLE"), .eachLead("UNKNOWN_EXCEPTION"), .page(502), .page(503),
            .refusal("UNKNOWN_EXCEPTION"),
        ]
        trouble.incident = .init(
            time: 0..<until, pause: pause,
            answer: answers.randomElement(using: &chance) ?? answers[0],
            reachesQuestions: chance.happens(0.7), commits: chance.happens(0.5))
        trouble.refusedReads = nil
        guard chance.happens(0.6) else { return }
        trouble.incident = chance.happens(0.5) ? trouble.incident : nil
        trouble.refusedReads = RefusedReads(using: &chance)
        trouble.refusedReads?.time = 0..<until
        trouble.refusedReads?.pause = pause
    }
}

extension World {
    /// Begins once the world is quiet, which ends all other pauses.
    func pauseForHours() {
        guard let longPause = trouble.longPause else { return }
        later(longPause.pause.lowerBound) { try $0.pauseQueue(true) }
        later(longPause.pause.upperBound) { world in
            let before = try world.attemptsOfPlainLeads()
            try world.pauseQueue(false)
            world.later(longPause.until - longPause.pause.upperBound) {
                try $0.noAttemptWasUsed(since: before)
            }
        }
    }

    private func pauseQueue(_ isPaused: Bool) throws {
        try queue.operations.pause(isPaused, batch: nil, at: now.wall)
        wakeAt = now
    }

    /// In the bad minutes after the pause, by those that nothing is wrong with, and that were there before.
    private func noAttemptWasUsed(since before: [String: Int]) throws {
        switch trouble.incident?.answer {
        case .eachLead, .refusal: break
        default: return
        }
        guard trouble.giveUpAfterMS == nil else { return }
        for (lead, attempts) in try attemptsOfPlainLeads() {
            guard let before = before[lead], attempts > before else { continue }
            throw Broken("\(lead) used an attempt for a bad minute after a pause")
        }
    }

    private func attemptsOfPlainLeads() throws -> [String: Int] {
        let sql = "SELECT lead_id, attempts FROM jobs WHERE state NOT IN ('converted', 'finishing')"
        let rows = try queue.read { try Row.fetchAll($0, sql: sql) }
        return try rows.reduce(into: [:]) { attempts, row in
            let id = try RecordID(row[0] as String, of: .lead)
            guard case .plain = org.leads[id]?.nature else { return }
            attempts[row[0]] = row[1]
        }
    }
}
