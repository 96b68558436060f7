import Conversion
import Drain
import Salesforce
import Settings
import Storage

// What is queued, held against the org.

extension CheckContext {
    /// Whether every queued job names a status with which this org converts leads.
    mutating func checkStatuses() async throws -> [Finding] {
        let reply = try await ask { await $0.readConvertedStatuses() }
        guard case .value(let statuses) = reply.outcome else {
            return [
                .unreadable(
                    reply.reason,
                    remedy: "look in Setup, Lead Status, for those marked as converted")
            ]
        }
        convertedStatuses = statuses
        guard let first = statuses.first else {
            return [
                .fail(
                    .configuration, "no lead status is marked as converted",
                    remedy: "Setup, Object Manager, Lead, Lead Status: mark one as converted")
            ]
        }
        let labels = statuses.map(\.label).joined(separator: ", ")
        let wrong = try (queue?.reports.statusesWaitedFor() ?? []).filter { wanted, _ in
            !statuses.contains { $0.label == wanted || $0.apiName == wanted }
        }
        guard !wrong.isEmpty else { return [.ok(labels)] }
        return wrong.map { status, jobs in
            let sql = """
                UPDATE jobs SET converted_status = \(first.label.sqlQuoted) WHERE state IN \
                ('queued', 'held') AND converted_status = \(status.sqlQuoted)
                """
            return .fail(
                .dataRefused,
                "\(counted(jobs, "job")) \(jobs == 1 ? "names" : "name") the status "
                    + "\"\(status)\"; the org converts with: \(labels)",
                remedy: "sqlite3 \(path.shellQuoted) \(sql.shellQuoted)")
        }
    }

    /// Whether queued jobs bring inputs of their own where nothing takes them; where none does, there is
    /// nothing to tell.
    func checkInputs() throws -> [Finding] {
        guard !org.settings.drain.takesExtra, let queue else { return [] }
        let jobs = try queue.reports.jobsWithInputsOfTheirOwn()
        guard jobs > 0 else { return [] }
        let sql = "UPDATE jobs SET extra = NULL WHERE state IN ('queued', 'held')"
        return [
            .fail(
                .dataRefused,
                "\(counted(jobs, "job")) \(jobs == 1 ? "brings" : "bring") inputs for an Apex action "
                    + "(extra), and SOAP has no place for them: EXTRA_NEEDS_ACTION",
                remedy: "set SALESFORCE_TRANSPORT=action:NAME, or: sqlite3 \(path.shellQuoted) "
                    + sql.shellQuoted)
        ]
    }

    /// Whether the queued leads can be converted as they stand.
    mutating func checkLeads() async throws -> [Finding] {
        guard let queue else { return [.skipped(because: "there is no queue")] }
        var previews = LeadPreviews()
        var end = try await readLeads(of: queue, into: &previews)
        if end == nil { end = try await readOwners(into: &previews) }
        let incomplete = end.map {
            Finding.warn("not all were read: \($0)", remedy: "try again later")
        }
        if previews.count == 0 { return [incomplete ?? .ok("no queued leads")] }
        let extent = options.readsAllLeads ? "all that are queued" : "at most 200 of those queued"
        let found = previews.findings(path)
        return (incomplete.map { [$0] } ?? [])
            + (found.isEmpty
                ? [.ok("\(counted(previews.count, "lead")) looked at (\(extent)): all open")]
                : found)
    }

    /// Looks which of the leads' owners are users that have left; says why, when it can't.
    private mutating func readOwners(into previews: inout LeadPreviews) async throws -> String? {
        var owners = previews.owners[...]
        while !owners.isEmpty {
            let some = Array(owners.prefix(300))
            owners = owners.dropFirst(some.count)
            let reply = try await ask { await $0.readInactive(of: some) }
            guard case .value(let inactive) = reply.outcome else { return reply.reason?.message }
            previews.record(inactive: inactive)
        }
        return nil
    }

    /// Whether accounts can be searched for as the queued jobs want it; where none does, nothing is asked.
    mutating func checkMatch() async throws -> [Finding] {
        let field = org.settings.salesforce.matchAccountField
        guard try queue?.reports.matchesAccounts() == true || field != "Name" else {
            return []
        }
        let reply = try await ask { await $0.readMatchField() }
        switch reply.outcome {
        case .value: return [.ok("accounts are searched for by their field \(field)")]
        case .refused(.configuration, let reason), .refused(.permission, let reason):
            return [
                .fail(
                    .configuration, reason.message,
                    remedy:
                        "set LEADCONVERT_MATCH_ACCOUNT_FIELD to another, or let the user read it"
                )
            ]
        case .refused(_, let reason), .unclear(let reason):
            return [.unreadable(reason, remedy: "try again")]
        }
    }

    /// Reads queued leads; says why, when it must stop before the end.
    private mutating func readLeads(
        of queue: JobQueue, into previews: inout LeadPreviews
    ) async throws -> String? {
        guard options.readsAllLeads else {
            return try await read(try queue.reports.waitingLeads(sample: 200), into: &previews)
        }
        var last: Int64 = 0
        let total = try options.progress.map { _ in
            try Dashboard(path: queue.path).countJobs().filter {
                [.queued, .held].contains($0.key)
            }
            .values.reduce(0, +)
        }
        while true {
            let leads = try queue.reports.waitingLeads(after: last, limit: 2000)
            guard let next = leads.last else { return nil }
            // A look at a million leads takes 500 requests.
            if let reason = try org.client.reasonToStop() { return reason }
            if let end = try await read(leads, into: &previews) { return end }
            last = next.job
            if let total { options.progress?(previews.count, total) }
        }
    }

    private mutating func read(
        _ leads: [WaitingLead], into previews: inout LeadPreviews
    ) async throws -> String? {
        guard !leads.isEmpty else { return nil }
        let reply = try await ask { await $0.previews(of: leads.map(\.lead)) }
        guard case .value(let seen) = reply.outcome else { return reply.reason?.message }
        previews.add(leads, seen)
        return nil
    }
}
