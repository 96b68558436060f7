import Foundation

extension OrgState {
    /// Decides about a call when it arrives: what refuses it, and what goes wrong with it.
    ///
    /// The order is Salesforce's as far as it is known: first what cannot be read, then the
    /// session, then the limits. Faults are drawn behind the session, so that a login under way
    /// does not use up what was ordered for a call.
    mutating func admit(_ call: APICall, at: Date) -> Admission {
        let number = record(call.kind, size: call.size, at: at)
        do throws(Refusal) {
            let operation = try readable(call)
            let fault = drawFault(call)
            audit.calls[number - 1].fault = fault
            if let reply = Self.page(fault) {
                return Admission(number: number, decision: .answer(reply))
            }
            try refuse(fault, call)
            let incident = try checkIncident(call, at: at)
            try checkLimits(call, operation, at: at)
            count(number, fault, at: at)
            guard !governor(operation, fault) else { throw .governor }
            var admission = start(operation, fault, number)
            admission.incident = incident
            return admission
        } catch {
            audit.calls[number - 1].refusal = error.code ?? "CLIENT"
            return Admission(number: number, decision: .answer(call.reply(error)))
        }
    }

    /// What the call wants, if its session is good. SOAP has the session in the body, so a body
    /// that cannot be read is refused first; REST has it in a header, and looks there first.
    private func readable(_ call: APICall) throws(Refusal) -> Operation {
        if call.dialect == .soap { _ = try call.operation.get() }
        guard sessions.accepts(call.token, call.dialect) else { throw .invalidSession }
        return try call.operation.get()
    }

    /// The fault that was ordered for this call, or else the first that chance brings.
    private mutating func drawFault(_ call: APICall) -> Fault? {
        let (number, ordered) = script.next(call.kind)
        if let ordered { return ordered }
        return Fault.allCases.first { fault in
            guard fault != .lock,
                call.kind == .convert || call.kind.isFollowUp && fault.reachesFollowUps
                    || fault.reachesEveryCall,
                fault != .expireSession || sessions.hasServed(call.token, call.dialect)
            else { return false }
            return chance.happens(
                fault, call.kind, number: number, rate: configuration.faults[fault] ?? 0)
        }
    }

    /// What an edge answers in the org's place.
    static func page(_ fault: Fault?) -> Reply? {
        switch fault {
        case .unavailable: .unavailable
        case .html: .loginPage
        case .stray403: .forbidden
        case .stray404: .notFound
        case .stray421: .misdirected
        case .strayRedirect: .redirect
        default: nil
        }
    }

    private mutating func refuse(_ fault: Fault?, _ call: APICall) throws(Refusal) {
        switch fault {
        case .expireSession:
            sessions.expire(call.token)
            throw .invalidSession
        case .concurrentLimit:
            throw .concurrentLimit(call.dialect)
        default:
            return
        }
    }

    /// What an incident of the whole org does to this call: it refuses it as a whole, or gives the
    /// failure that every lead of it gets.
    private mutating func checkIncident(
        _ call: APICall, at: Date
    ) throws(Refusal) -> LeadFailure? {
        guard let incident, incident.kinds.contains(call.kind) else { return nil }
        guard let now = incident.next(at: at) else {
            self.incident = nil
            return nil
        }
        self.incident = now
        guard incident.form == .eachLead, call.kind == .convert else { throw incident.refusal }
        return LeadFailure(code: incident.code, message: incident.message)
    }

    private mutating func checkLimits(
        _ call: APICall, _ operation: Operation, at: Date
    ) throws(Refusal) {
        let usage = usage(at: at)
        guard usage.used < usage.limit else { throw .dailyLimit }
        guard running < configuration.concurrent ?? .max else {
            throw .concurrentLimit(call.dialect)
        }
        guard operation.requests.count <= 100 else { throw .tooManyLeads }
    }

    /// The org's own code fails for the whole call, by the fault or by one poisonous lead.
    private func governor(_ operation: Operation, _ fault: Fault?) -> Bool {
        fault == .governor
            || operation.requests.contains { request in
                guard let id = Identifier(request.leadID), let place = org.place(of: id) else {
                    return false
                }
                return org.leads[place].isPoison
            }
    }

    /// A call that never arrived takes nothing from the allowance; one that was carried out does,
    /// whatever became of its answer.
    private mutating func count(_ number: Int, _ fault: Fault?, at: Date) {
        guard fault != .dropBeforeCommit else { return }
        calls.add(at: at.timeIntervalSince1970)
        audit.calls[number - 1].counted = true
    }

    private mutating func start(
        _ operation: Operation, _ fault: Fault?, _ number: Int
    ) -> Admission {
        running += 1
        var admission = Admission(number: number, decision: .perform(operation, fault), runs: true)
        var rows: [Identifier?] = operation.requests.map { request in
            request.accountID.flatMap(Identifier.init).flatMap { org.accounts[$0]?.id }
        }
        if case .update(let records) = operation { rows = records.map(\.id) }
        for (place, row) in rows.enumerated() {
            guard let row else { continue }
            if rowLocks.acquire(row, for: number) {
                admission.rows.insert(row)
            } else {
                admission.lockedRows[place] = row
            }
        }
        return admission
    }

    /// Gives back what a call held while it ran.
    mutating func finish(_ admission: Admission) {
        guard admission.runs else { return }
        running -= 1
        rowLocks.release(admission.rows, of: admission.number)
    }
}

extension Refusal {
    fileprivate static let tooManyLeads = Refusal(
        code: "EXCEEDED_LEAD_CONVERT_LIMIT",
        message: "too many IDs were sent to a convertLead() call, the limit is 100")
}

/// What was decided about a call when it arrived.
struct Admission: Sendable {
    enum Decision: Sendable {
        /// It is answered with this, and nothing is done.
        case answer(Reply)
        /// It is carried out, and this goes wrong with it.
        case perform(Operation, Fault?)
    }

    /// The call's number in the audit.
    var number: Int
    var decision: Decision
    /// What every lead of it fails with, because the org as a whole is in trouble.
    var incident: LeadFailure?
    /// Whether it counts as running until it is finished.
    var runs = false
    /// The account rows it holds while it runs.
    var rows: Set<Identifier> = []
    /// Rows that other calls held, by the place of the lead in the call.
    var lockedRows: [Int: Identifier] = [:]
}
