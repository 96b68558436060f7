import Conversion
import Foundation
import GRDB
import TestSupport

@testable import Drain
@testable import Storage

/// What happens to the daemon besides its calls.
extension World {
    func disturbancePause() -> Int64 {
        Int64(Double.random(in: 0.1...2, using: &chance) * profile.disturbanceEveryMS)
    }

    func disturb() throws {
        guard !isQuiet else { return }
        counts.faults += 1
        let disturbance = Int.random(in: 0..<12, using: &chance)
        trace("disturbance \(disturbance)")
        switch disturbance {
        case 0, 1: try crash()
        case 2: try reboot()
        case 3: setClock()
        case 4, 5: try lock()
        case 6: try fillDisk()
        case 7: outageUntil = trueMS + Int64.random(in: 1000...60_000, using: &chance)
        case 8: try operate { try enqueue(Int.random(in: 1...5, using: &chance)) }
        case 9: try operate { _ = try queue.operations.retry([.all(.failed)], at: now.wall) }
        case 10: try operate { try pause() }
        default: try restore()
        }
        later(disturbancePause()) { try $0.disturb() }
    }

    /// From here on nothing goes wrong any more, so that everything can come to its end.
    func calmDown() throws {
        isQuiet = true
        isQuietFrom = trueMS
        outageUntil = 0
        try unlock()
        try emptyDisk()
        try queue.operations.pause(false, batch: nil, at: now.wall)
        try releaseHeld()
        wakeAt = now
        // Where one lead, or one note, is alone with what Salesforce or an edge says of all, nobody can
        // tell which of the two it is about, until another comes.
        if trouble.oddLeads > 0 || trouble.barredNotes > 0 {
            later(max(0, calmFrom - trueMS) + 3_600_000) { try $0.enqueueGoodLead() }
        }
    }

    // MARK: The process and its machine

    /// kill -9, and started again.
    func crash() throws {
        counts.crashes += 1
        try unlock()
        try queue.database.close()
        queue = try JobQueue(path: path, as: .daemon, busyTimeout: 0)
        isDiskFull = false
        try start()
    }

    /// Half of the machines have no clock that goes on meanwhile: theirs starts in 1970, far ahead or some
    /// hours off. It is set right some time after, and the daemon may be started again before that.
    private func reboot() throws {
        isRebooted = true
        let right = now.wall + -clockErrorMS
        if chance.happens(0.5) {
            clockErrorMS =
                switch Int.random(in: 0..<4, using: &chance) {
                case 0: Int64.random(in: 0...600_000, using: &chance) - right.milliseconds
                case 1: 365 * Self.dayMS
                case 2: -365 * Self.dayMS
                default: Int64.random(in: -5...5, using: &chance) * 3_600_000
                }
            isClockWrongAtBoot = true
            if chance.happens(0.3) {
                later(Int64.random(in: 0...30_000, using: &chance)) { try $0.crash() }
            }
            later(Int64.random(in: 100...90_000, using: &chance)) { $0.setClockRight() }
        } else {
            clockErrorMS = 0
        }
        now = Moment(wall: right + clockErrorMS, uptimeMS: 0, bootID: "boot \(counts.steps)")
        try crash()
    }

    /// As a time server does.
    func setClockRight() {
        now.wall = now.wall + -clockErrorMS
        clockErrorMS = 0
        wakeAt = now
    }

    /// By hours, forward or back; nothing but the wall clock's reading changes.
    private func setClock() {
        let hours = Int64.random(in: -5...5, using: &chance)
        now.wall = now.wall + hours * 3_600_000
        clockErrorMS += hours * 3_600_000
        wakeAt = now
    }

    // MARK: The file

    private func lock() throws {
        guard locker == nil else { return }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        locker = other
        later(Int64.random(in: 100...40_000, using: &chance)) { try $0.unlock() }
    }

    func unlock() throws {
        try locker?.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try locker?.close()
        locker = nil
    }

    private func fillDisk() throws {
        isDiskFull = true
        try queue.database.inDatabase { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        later(Int64.random(in: 100...40_000, using: &chance)) { try $0.emptyDisk() }
    }

    func emptyDisk() throws {
        guard isDiskFull else { return }
        isDiskFull = false
        try queue.database.inDatabase { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    }

    /// An old copy is put in the file's place while the daemon is down.
    private func restore() throws {
        guard locker == nil, !isDiskFull else { return }
        let copy = path + ".copy"
        try? FileManager.default.removeItem(atPath: copy)
        try queue.operations.backup(to: copy)
        later(Int64.random(in: 100...30_000, using: &chance)) { world in
            guard !world.isQuiet else { return }
            try world.unlock()
            try world.queue.database.close()
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: world.path + suffix)
            }
            try FileManager.default.copyItem(atPath: copy, toPath: world.path)
            // The operator knows what was enqueued since; the daemon does not know what it sent.
            world.org.forgetCalls()
            world.queue = try JobQueue(path: world.path, as: .daemon, busyTimeout: 0)
            world.isDiskFull = false
            world.isRestored = true
            try world.start()
        }
    }

    // MARK: People

    func operate(_ body: () throws -> Void) throws {
        do {
            try body()
            wakeAt = now
        } catch let error as OperatorError {
            // A locked or a full file refuses them too, and says so.
            guard error.status == .tryLater || error.status == .inputOutput else { throw error }
        }
    }

    private func pause() throws {
        try queue.operations.pause(true, batch: nil, at: now.wall)
        later(Int64.random(in: 100...10_000, using: &chance)) { world in
            try world.operate {
                try world.queue.operations.pause(false, batch: nil, at: world.now.wall)
            }
        }
    }

    func enqueue(_ count: Int) throws {
        let accounts = try ["001D000000HRzTR", "001Em00001iG9ez"].map { id in
            try RecordID(id, of: .account)
        }
        var added: [(RecordID, SimulatedOrg.Lead)] = []
        let lastJob = try lastJob()
        var options = EnqueueOptions()
        if chance.happens(0.7) { options.batch = "batch \(Int.random(in: 1...5, using: &chance))" }
        try queue.enqueue(options, at: now.wall) { queue in
            for _ in 0..<count {
                nextLead += 1
                var lead = try LeadConversion.lead(nextLead)
                if chance.happens(0.2) { lead.accountID = accounts.randomElement(using: &chance) }
                if chance.happens(0.2) { lead.groupKey = ["Acme", "Globex"][nextLead % 2] }
                if chance.happens(0.3) { lead.matchEmail = address() }
                drawAccountSearch(for: &lead)
                lead.followUps = followUps()
                try queue.add(lead)
                added.append(
                    (
                        lead.leadID,
                        .init(
                            nature: natureInGroup(nature(of: lead), lead), group: lead.groupKey,
                            email: lead.matchEmail, matchesAccount: lead.matchesAccount,
                            hasBarredNote: lead.followUps?.noteBody?.hasPrefix(Self.barred)
                                ?? false)
                    ))
            }
        }
        for (id, lead) in added { org.leads[id] = lead }
        try setClockOfSQLite(for: lastJob)
    }

    private func lastJob() throws -> Int64 {
        try queue.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM jobs") ?? 0 }
    }

    /// Jobs after this one: SQLite's own clock is that of the real machine.
    private func setClockOfSQLite(for last: Int64) throws {
        try queue.database.write { database in
            try database.execute(
                sql: """
                    UPDATE jobs SET created_at = ?1, updated_at = ?1, deferred_for = NULL
                    WHERE id > ?2
                    """,
                arguments: [now.wall.description, last])
        }
    }

    /// One with a note, and nothing about it that could go wrong.
    private func enqueueGoodLead() throws {
        guard !watch.isOver else { return }
        nextLead += 1
        var lead = try LeadConversion.lead(nextLead)
        var request = FollowUpRequest()
        request.noteBody = "Note \(nextLead)"
        lead.followUps = request
        _ = try queue.enqueue(EnqueueOptions(), at: now.wall) { try $0.add(lead) }
        org.leads[lead.leadID] = .init(nature: .plain)
        wakeAt = now
    }

    /// So few that leads share them.
    private func address() -> String {
        chance.happens(0.1)
            ? SimulatedOrg.twins : "person\(Int.random(in: 1...5, using: &chance))@example.org"
    }

    /// A lead that nobody can help has no other that waits for it.
    private func nature(of lead: LeadConversion) -> SimulatedOrg.Nature {
        if lead.groupKey == nil, lead.matchEmail == nil, chance.happens(trouble.oddLeads) {
            return oddNature()
        }
        guard chance.happens(profile.special) else { return .plain }
        return switch Int.random(in: 0..<6, using: &chance) {
        case 0, 1: .locked(Int.random(in: 1...6, using: &chance))
        case 2: .refused
        case 3: .poison
        case 4: .convertedByOthers(at: trueMS + Int64.random(in: 0...20_000, using: &chance))
        default: .hidden
        }
    }
}
