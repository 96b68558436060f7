import Conversion
import Foundation
import GRDB
import Logging
import TestSupport

@testable import Drain
@testable import Storage

/// One simulated world: the real engine on a real file, a simulated org, a clock of its own, and
/// a scheduler that crashes, delays, loses, locks and fills, all of it drawn from one seed.
///
/// The same seed gives the same world, call by call.
final class World {
    static let lifetimeMS: Int64 = 60_000

    let seed: UInt64
    let path: String
    let profile: Profile
    let trouble: Trouble
    var chance: SeededGenerator
    var org: SimulatedOrg
    var queue: JobQueue
    var engine: Engine
    /// Milliseconds of true time since the world began, which no clock of the daemon shows.
    var trueMS: Int64 = 0
    var now = Moment.ms(0)
    var hasSession = true
    /// Which life of the daemon this is; answers to an earlier one reach nobody.
    var life = 0
    var agenda: [Event] = []
    /// When the daemon wants to look again.
    var wakeAt: Moment?
    var isQuiet = false
    var isQuietFrom: Int64 = 0
    /// Whether the daemon has ended itself, and nobody has started it again yet.
    var isDown = false
    /// Whether a call has got through in this life of the daemon.
    var hasWorked = false
    /// The first address or group of which a search was refused by the trouble with searches.
    var firstRefused: String?
    /// When readings were turned away by an outage of their own, in this life of the daemon.
    var turnedAwayReads: [Int64] = []
    var mostTurnedAway = 0
    /// Leads of which somebody has changed what the daemon keeps.
    var tampered: Set<RecordID> = []
    /// The lives of the daemon in which records were refused by the storm.
    var livesInStorm: Set<Int> = []
    /// How far the wall clock is from the right time, in milliseconds.
    var clockErrorMS: Int64 = 0
    /// Whether the machine was started with a clock that was wrong at some time.
    var isClockWrongAtBoot = false
    /// Calls that still get the edge's page.
    var strays = 0
    var watch = Watch()
    /// Whether the machine was restarted at some time.
    var isRebooted = false
    var outageUntil: Int64 = 0
    /// Held by somebody else while the file is locked.
    var locker: DatabaseQueue?
    var isDiskFull = false
    /// What an answer makes known once it is written down.
    var unwritten: [(World) -> Void] = []
    /// When each call started that costs the org's allowance.
    var starts: [Int64] = []
    /// Of those in a world whose limits are odd, all that do not read the limits.
    var paid: [Int64] = []
    /// Since when the daemon has known the org's true allowance there.
    var allowanceKnownAt: Int64?
    /// The last call that was made on the file or one in its place.
    var lastCall: Int64 = 0
    var nextLead = 0
    /// Whether an older copy took the place of the file at some time.
    var isRestored = false
    var counts = Counts()

    struct Event {
        var at: Int64
        var order: Int
        var happen: (World) throws -> Void
    }

    struct Counts {
        var steps = 0
        var crashes = 0
        var faults = 0
        var calls = 0
    }

    init(seed: UInt64, path: String) throws {
        self.seed = seed
        self.path = path
        chance = SeededGenerator(seed: seed)
        profile = Profile(using: &chance)
        trouble = Trouble(seed: seed)
        org = try SimulatedOrg(lifetimeMS: World.lifetimeMS, trouble)
        queue = try JobQueue(path: path, as: .daemon, busyTimeout: 0)
        engine = try World.engine(queue, profile, trouble, { true }, 0, now)
        // A file that has triggers of others runs the schema's, too; one that has none runs none.
        if seed.isMultiple(of: 2) { try queue.database.write { try Invariants.install($0) } }
        try start()
        try enqueue(profile.leads + (trouble.storm?.leads ?? 0))
    }

    /// A daemon starts on the file.
    func start() throws {
        life += 1
        isDown = false
        hasWorked = false
        turnedAwayReads = []
        unwritten = []
        engine = try World.engine(
            queue, profile, trouble, { [unowned self] in hasSession },
            UInt64.random(in: 0 ... .max, using: &chance), now)
        _ = try engine.recover(at: now, lastCall: lastCall)
        wakeAt = now
    }

    private static func engine(
        _ queue: JobQueue, _ profile: Profile, _ trouble: Trouble,
        _ hasSession: @escaping () -> Bool, _ seed: UInt64,
        _ now: Moment
    ) throws -> Engine {
        var options = DrainOptions()
        options.callSize = profile.callSize
        options.concurrency = profile.concurrency
        options.rate = profile.rate
        options.burst = profile.burst
        if trouble.oddLimits != nil { (options.rate, options.burst) = (nil, nil) }
        options.window = profile.window
        options.probeIntervalMS = 2000
        options.callLifetimeMS = lifetimeMS
        options.untilEmpty = true
        options.giveUpAfterMS = trouble.giveUpAfterMS
        var luck = SeededGenerator(seed: seed)
        return try Engine(
            queue: queue, options: options, hasSession: hasSession,
            chance: { Double.random(in: 0..<1, using: &luck) },
            logger: Logger(label: "world", factory: { _ in SwiftLogNoOpLogHandler() }), at: now)
    }

    // MARK: Tracing

    /// SEED=n TRACE=1 prints every call of that world, how it was answered, and what happened to
    /// the daemon.
    static let isTraced = ProcessInfo.processInfo.environment["TRACE"] == "1"

    func trace(_ line: @autoclosure () -> String) {
        if World.isTraced { print("\(trueMS) life \(life): \(line())") }
    }

    // MARK: Time

    func later(_ milliseconds: Int64, _ happen: @escaping (World) throws -> Void) {
        counts.steps += 1
        agenda.append(Event(at: trueMS + milliseconds, order: counts.steps, happen: happen))
    }

    func advance(_ milliseconds: Int64) {
        trueMS += milliseconds
        now = now + milliseconds
    }

    /// When the last trouble was over.
    var calmFrom: Int64 {
        max(
            isQuietFrom, trouble.incident?.time.upperBound ?? 0,
            trouble.writing?.time.upperBound ?? 0,
            trouble.oddLimits?.time.upperBound ?? 0, trouble.storm?.time.upperBound ?? 0,
            trouble.refusedReads.map { $0.isForGood ? 0 : $0.time.upperBound } ?? 0)
    }

    /// How long all may take once nothing goes wrong any more. Leads that always fail, with no other
    /// left to show that the org is well, count as an incident: each is probed five times, a quarter of
    /// an hour apart, after the hours for which Salesforce is believed; these begin again when one of them
    /// passes late. A clock that was set just before the machine was restarted can't be noticed by anyone; a
    /// pause may be longer still.
    private var patienceMS: Int64 {
        (isRebooted ? 48 : 20) * 3_600_000 + org.oddLeads * 75 * 60_000
            + (trouble.oddLimits == nil ? 0 : 3 * Self.dayMS)
    }

    /// Leads that nobody can help are watched for another hour.
    private var lastHourMS: Int64 { watch.lastHourFrom == nil ? 0 : 3_600_000 }

    /// Runs until every lead is settled: first with disturbances, then without.
    func run() throws {
        later(disturbancePause()) { try $0.disturb() }
        letPeopleWrite()
        pauseForHours()
        letOthersCome()
        later(Int64.random(in: 5000...40_000, using: &chance)) { try $0.calmDown() }
        if let stray = trouble.stray { later(stray.at) { $0.strays = stray.calls } }
        var isDrained = false
        while !(isDrained && isQuiet && (agenda.isEmpty || watch.isOver)) {
            isDrained = try pass()
            let next = agenda.indices.min { left, right in
                (agenda[left].at, agenda[left].order) < (agenda[right].at, agenda[right].order)
            }
            let wake = wakeAt.map { trueMS + $0.since(now) }
            if let wake, wake <= (next.map { agenda[$0].at } ?? .max) {
                advance(max(0, wake - trueMS))
                wakeAt = nil
            } else if let next {
                let event = agenda.remove(at: next)
                advance(max(0, event.at - trueMS))
                watch.eventHappened(at: trueMS)
                try event.happen(self)
                // It may have brought work.
                isDrained = false
            } else if !isDrained {
                throw Broken("nothing will ever happen again: \(try unsettled())")
            }
            if try engine.unwritten.isEmpty && isLeftWithOddLeads() { isDrained = true }
            guard counts.steps < 20_000, trueMS < calmFrom + patienceMS + lastHourMS else {
                throw Broken("it does not end: \(try unsettled())")
            }
            if let violation = org.violations.first { throw Broken(violation) }
        }
    }

    /// What is not settled, for whoever looks for the reason.
    func unsettled() throws -> String {
        let sql = """
            SELECT group_concat(lead_id || ' ' || state || ' ' || coalesce(doubt, '') || ' '
                || coalesce(error_code, '') || ' ' || run_at, '; ')
            FROM jobs WHERE finished_at IS NULL
            UNION ALL
            SELECT group_concat(kind || ' ' || record_id || ' ' || state || ' '
                || coalesce(doubt, '') || ' ' || coalesce(code, '') || ' ' || run_at, '; ')
            FROM follow_ups WHERE state NOT IN ('done', 'failed')
            """
        let lists = try queue.read { try String?.fetchAll($0, sql: sql) }
        let jobs = lists.compactMap(\.self).joined(separator: "; ")
        return "at \(now.wall), steps \(counts.steps), waits \(engine.waits.written): \(jobs)"
    }

    /// The daemon does all that it can do now.
    /// - Returns: Whether it says that the queue is drained.
    private func pass() throws -> Bool {
        guard !isDown else { return false }
        try watch.pass(at: trueMS)
        do {
            while true {
                let steps = try engine.steps(at: now)
                acknowledge()
                counts.steps += steps.count
                try send(steps.compactMap { if case .send(let call) = $0 { call } else { nil } })
                switch steps.last {
                case .wait(let wait):
                    wakeAt = wait.until
                    return false
                case .end(.drained):
                    return true
                case .end(.paused):
                    wakeAt = nil
                    return false
                case .end(let ending):
                    return try ended(ending)
                case .send, nil: break
                }
            }
        } catch let error as OperatorError {
            guard error.status == .tryLater || error.status == .inputOutput else { throw error }
            wakeAt = now + 500
            return false
        }
    }

    /// Sends what was claimed together, or dies between the commit and the first byte of one of them.
    private func send(_ calls: [InFlightCall]) throws {
        for call in calls {
            try Invariants.isWritten(call, in: queue)
            lastCall = call.callID
            guard profile.window?.isOpen(at: now.wall) != false else {
                throw Broken("call \(call.callID) starts outside its hours")
            }
        }
        for place in calls.indices {
            guard !chance.happens(isQuiet ? 0 : 0.01) else {
                for case .conversions(let conversions) in calls[place...].map(\.content) {
                    _ = lose(conversions)
                }
                return try crash()
            }
            try send(calls[place])
        }
    }

    /// All that was kept has been written: what it said is known from here on.
    func acknowledge() {
        guard engine.unwritten.isEmpty else { return }
        for tell in unwritten { tell(self) }
        unwritten = []
    }
}

/// What is wrong with a world.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension SeededGenerator {
    mutating func happens(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }
}
