import Foundation

/// All that changes while a simulator runs; it stands behind one lock.
package struct OrgState {
    package let configuration: SimulatorConfiguration
    let chance: SeededChance
    package var org: Org
    package var sessions: Sessions
    /// The JWTs that came, good or not.
    package internal(set) var assertions: [String] = []
    var calls = RollingCount(minutes: 24 * 60)
    var logins = RollingCount(minutes: 60)
    var script = FaultScript()
    package var incident: Incident?
    package var callHold = CallHold()
    /// Addresses of which every search fails with a 500, in lower case.
    package var failingSearches: Set<String> = []
    var audit = Audit()
    var rowLocks = RowLocks()
    var locators = QueryLocators()
    var waiters = Waiters()
    var running = 0
    private var sampled: Int

    init(_ configuration: SimulatorConfiguration, now: Date) {
        self.configuration = configuration
        chance = SeededChance(seed: configuration.seed)
        org = Org(leads: configuration.leads, seed: configuration.seed)
        org.adopt(configuration)
        sampled = configuration.leads
        incident = configuration.incident?.starting(at: now)
        sessions = Sessions(refreshToken: configuration.refreshToken, seed: configuration.seed)
        // What was used before the start counts as used at the start.
        calls.add(configuration.used, at: now.timeIntervalSince1970)
    }

    /// An incident of the whole org begins now, in the place of an earlier one.
    package mutating func begin(_ incident: Incident) {
        self.incident = incident.starting(at: Date())
    }

    /// Gives a lead a trait, if there is such a lead.
    package mutating func change(_ leadID: String, _ trait: LeadTrait) {
        guard let place = Identifier(leadID).flatMap(org.place) else { return }
        org.change(place) { $0.apply(trait) }
    }

    /// Notes that a request arrived, and numbers it.
    mutating func record(_ kind: CallKind, size: Int, at: Date) -> Int {
        let number = audit.calls.count + 1
        audit.calls.append(Audit.Call(call: number, kind: kind, at: at, size: size))
        waiters.look(at: audit)
        return number
    }

    mutating func usage(at: Date) -> Usage {
        Usage(used: calls.count(at: at.timeIntervalSince1970), limit: configuration.dailyLimit)
    }

    /// A lead like the others, for tests to make special.
    mutating func nextSampleLead() -> LeadRecord {
        sampled += 1
        return org.sampleLead(sampled - 1, seed: configuration.seed)
    }
}

/// The account rows that running calls hold.
///
/// Salesforce locks the account that a new contact or opportunity points at, so two overlapping
/// calls that name one account collide here, and the later one loses.
struct RowLocks {
    private var holders: [Identifier: Int] = [:]

    /// Acquires the row for a call, or says that another one holds it.
    mutating func acquire(_ row: Identifier, for call: Int) -> Bool {
        if let holder = holders[row] { return holder == call }
        holders[row] = call
        return true
    }

    /// Gives back what a call holds of these rows.
    mutating func release(_ rows: Set<Identifier>, of call: Int) {
        for row in rows where holders[row] == call { holders[row] = nil }
    }
}

/// How often something happened lately, counted by the minute.
///
/// The window rolls: what was used at 05:00 is free again at 05:00 the next day.
struct RollingCount {
    private let window: Int
    private var minutes: [(minute: Int, count: Int)] = []
    private var total = 0

    init(minutes window: Int) { self.window = window }

    mutating func add(_ count: Int = 1, at seconds: Double) {
        let minute = Int(seconds / 60)
        if minutes.last?.minute == minute {
            minutes[minutes.count - 1].count += count
        } else {
            minutes.append((minute, count))
        }
        total += count
    }

    mutating func count(at seconds: Double) -> Int {
        let oldest = Int(seconds / 60) - window
        while let first = minutes.first, first.minute <= oldest {
            total -= first.count
            minutes.removeFirst()
        }
        return total
    }
}

/// How much of the daily allowance is used.
struct Usage {
    var used: Int
    var limit: Int
}
