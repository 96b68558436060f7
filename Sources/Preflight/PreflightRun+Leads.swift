import Conversion
import Drain
import Salesforce
import Settings
import Storage
import Wiring

// What waits in the queue, held against the org.

extension PreflightRun {
    /// Whether every waiting job names a status with which this org converts leads.
    mutating func checkStatuses(_ line: inout RecordedLine) async throws {
        let name = Name.statuses.rawValue
        let reply = try await line.ask { await $0.readConvertedStatuses() }
        guard case .read(let statuses) = reply.outcome else {
            let code = reply.reason?.code ?? ""
            let cure = "look in Setup, Lead Status, for those marked as converted"
            return try note(.warn(name, "can't be read (\(code))", cure: cure))
        }
        guard let first = statuses.first else {
            return try note(
                .fail(
                    name, .configuration, "no lead status is marked as converted",
                    cure: "Setup, Object Manager, Lead, Lead Status: mark one as converted"))
        }
        let labels = statuses.map(\.label).joined(separator: ", ")
        let wrong = try (line.queue?.statusesWaitedFor() ?? []).filter { wanted, _ in
            !statuses.contains { $0.label == wanted || $0.apiName == wanted }
        }
        guard !wrong.isEmpty, let queue = line.queue else {
            return try note(.ok(name, labels))
        }
        for (status, jobs) in wrong {
            let sql = """
                UPDATE jobs SET converted_status = \(first.label.sqlQuoted) WHERE state IN \
                ('queued', 'held') AND converted_status = \(status.sqlQuoted)
                """
            try note(
                .fail(
                    name, .dataRefused,
                    "\(counted(jobs, "job")) \(jobs == 1 ? "names" : "name") the status "
                        + "\"\(status)\"; the org converts with: \(labels)",
                    cure: "sqlite3 \(queue.path.shellQuoted) \(sql.shellQuoted)"))
        }
    }

    /// Whether the leads that wait can be converted as they stand.
    mutating func checkLeads(_ line: inout RecordedLine, _ settings: DrainSettings) async throws {
        let name = Name.leads.rawValue
        guard let queue = line.queue else {
            return try skip([.leads], because: "there is no queue")
        }
        var glances = Glances()
        let end = try await readAll(of: queue, &line, settings, into: &glances)
        if let end { try note(.warn(name, "not all were read: \(end)", cure: "try again later")) }
        guard glances.count > 0 else {
            if end == nil { try note(.ok(name, "none waits")) }
            return
        }
        let findings = glances.findings(name, queue.path)
        for finding in findings { try note(finding) }
        guard findings.isEmpty else { return }
        let extent = readsAllLeads ? "all that wait" : "at most 200 of those that wait"
        try note(.ok(name, "\(counted(glances.count, "lead")) looked at (\(extent)): all open"))
    }

    /// Reads the leads that wait; says why, when it must stop before the end.
    private mutating func readAll(
        of queue: JobQueue, _ line: inout RecordedLine, _ settings: DrainSettings,
        into glances: inout Glances
    ) async throws -> String? {
        guard readsAllLeads else {
            return try await read(try queue.waitingLeads(sample: 200), &line, into: &glances)
        }
        let allowance = DrainOptions(settings, untilEmpty: false).allowance
        var last: Int64 = 0
        while true {
            let leads = try queue.waitingLeads(after: last, limit: 2000)
            guard let next = leads.last else { return nil }
            let ours = try queue.callsOfTheLastDay(at: SystemClock.now())
                .reduce(0) { $0 + $1.calls }
            // A look at a million leads takes 500 requests, which are no less the org's.
            if let most = allowance.callsADay(limit: line.usage?.limit), ours >= most {
                return "our share of the allowance is used up"
            }
            if let usage = line.usage, allowance.isSpent(usage, wasSpent: false) {
                return "only the reserve of the allowance is left"
            }
            if let end = try await read(leads, &line, into: &glances) { return end }
            last = next.job
        }
    }

    private mutating func read(
        _ leads: [WaitingLead], _ line: inout RecordedLine, into glances: inout Glances
    ) async throws -> String? {
        guard !leads.isEmpty else { return nil }
        let reply = try await line.ask { await $0.glance(at: leads.map(\.lead)) }
        guard case .read(let seen) = reply.outcome else { return reply.reason?.message }
        glances.add(leads, seen)
        return nil
    }
}
