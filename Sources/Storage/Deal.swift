import Conversion
import GRDB

/// Deals the jobs that are next to a call: at the highest priority first, and there to each batch
/// as many, in turn; what one batch can't use goes to the others.
///
/// It looks at the front of each batch in turn and never behind it, so that a million jobs in a
/// thousand batches cost a call of a hundred some hundred rows.
struct Deal {
    let database: Database
    let line: Line
    let policies: [String: RetryPolicy]
    let rotation: Rotation
    let now: Timestamp

    /// The next jobs; nil when none is next. Those that no call could carry are settled on the way.
    func offer(_ size: Int, to lanes: Set<Lane>? = nil) throws -> [ClaimedJob]? {
        while true {
            var hand = Hand(room: size)
            try fill(&hand, from: lanes)
            for row in hand.malformed {
                let reason = Reason("MALFORMED_ID", row.sentence)
                try database.fail(row.id, in: row.batchID, reason, by: nil, at: now)
            }
            if !hand.jobs.isEmpty { return hand.jobs }
            if hand.malformed.isEmpty { return nil }
        }
    }

    private func fill(_ hand: inout Hand, from lanes: Set<Lane>?) throws {
        let lowest = lanes?.map(\.priority).min() ?? .min
        var bound = Int64.max
        while hand.room > 0, let priority = try database.highestPriority(line, upTo: bound) {
            let sharing = try waiting(at: priority, atMost: hand.room)
            try share(sharing.filter { lanes?.contains($0) ?? true }, &hand)
            guard priority > lowest else { return }
            bound = priority - 1
        }
    }

    /// The lanes that have something to send, from the one whose turn it is and around.
    private func waiting(at priority: Int64, atMost most: Int) throws -> [Lane] {
        let first = rotation.first(at: priority)
        var lanes = try database.lanes(line, priority, first ... .max, most, at: now)
        if first > .min && lanes.count < most {
            lanes += try database.lanes(
                line, priority, .min...first - 1, most - lanes.count, at: now)
        }
        return lanes
    }

    /// One round gives all the same; who had less drops out, and the others share again.
    private func share(_ lanes: [Lane], _ hand: inout Hand) throws {
        var sharing = lanes
        var given = 0
        while hand.room > 0 && !sharing.isEmpty {
            let share = max(1, hand.room / sharing.count)
            var lasting: [Lane] = []
            for lane in sharing where hand.room > 0 {
                let taken = try hand.take(
                    database.front(line, of: lane, share, after: given, at: now), policies)
                if taken == share { lasting.append(lane) }
            }
            sharing = lasting
            given += share
        }
    }
}

/// What a deal has taken so far.
private struct Hand {
    var room: Int
    private(set) var jobs: [ClaimedJob] = []
    private(set) var malformed: [MalformedRow] = []

    init(room: Int) {
        self.room = room
    }

    /// - Returns: How many rows there were.
    mutating func take(_ rows: RowCursor, _ policies: [String: RetryPolicy]) throws -> Int {
        var taken = 0
        while let row = try rows.next() {
            taken += 1
            do throws(MalformedRow) {
                jobs.append(try JobRow.job(row, policies))
                room -= 1
            } catch {
                malformed.append(error)
            }
        }
        return taken
    }
}
