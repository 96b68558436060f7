import Conversion
import TestSupport

/// Salesforce as far as it matters here: leads, calls that run there whether or not anybody still
/// waits for them, and an eye on what the daemon may never do.
struct SimulatedOrg {
    enum Nature {
        case plain
        /// Its row is locked for so many calls.
        case locked(Int)
        /// Refused for good.
        case refused
        /// Breaks every call that it is in.
        case poison
        /// Somebody else converts it at this time.
        case convertedByOthers(at: Int64)
        /// Never shown to whoever reads.
        case hidden
        /// Refused with this code, so many times.
        case coded(String, times: Int)
        /// Every question that names it fails.
        case unreadable
        /// Every call that would convert it is turned away by an edge.
        case barred
        /// An action throws for it; over SOAP the org's own code refuses it.
        case throwing
    }

    struct Lead {
        var nature: Nature
        /// Leads of one group that name no account are to share the one that the first makes.
        var group: String?
        /// The call that converted it; 0 is somebody else's.
        var convertedBy: Int64?
        /// The account that it was converted into, if one was asked for.
        var account: RecordID?
        /// Its address, if its contact is to be searched for.
        var email: String?
        /// Whether the account of its group is to be searched for.
        var matchesAccount = false
        /// Whether every call that would leave its note is turned away by an edge.
        var hasBarredNote = false
    }

    /// A call whose work is not done yet.
    struct Running {
        var callID: Int64
        var leads: [LeadConversion]
        var startedAt: Int64
    }

    /// A call for a lead whose outcome the daemon has not written down yet.
    struct Doubt {
        var callID: Int64
        var startedAt: Int64
        /// The account that it was to join; nil if it would make one.
        var accountID: RecordID?
        /// Whether an answer has shown that the call is over.
        var isOver = false

        var makesAccount: Bool { accountID == nil }
    }

    var leads: [RecordID: Lead] = [:]
    /// Contacts by address; two share that of the twins.
    private var contacts: [String: [FoundContact]] = [:]
    static let twins = "twins@example.org"
    /// Accounts by name, which is the key of a group.
    var accounts: [String: [RecordID]] = [:]
    private(set) var running: [Int64: Running] = [:]
    private(set) var doubts: [RecordID: Doubt] = [:]
    /// Every call of ours that may have converted the lead, as far as the daemon can know.
    private var suspects: [RecordID: [Doubt]] = [:]
    private(set) var conversions = 0
    var followUps = SimulatedFollowUps()
    /// What the daemon did that it may never do.
    var violations: [String] = []
    /// After a restore, the daemon can't know of calls that its file has forgotten.
    private(set) var forgotten: Set<RecordID> = []
    /// Whether somebody has changed what the daemon knows of some lead: then those of its group and its address
    /// may be told apart no more.
    private(set) var isTamperedWith = false
    let lifetimeMS: Int64
    let trouble: Trouble
    /// What a second conversion means, by its code.
    let secondConversion: LeadOutcome

    init(lifetimeMS: Int64, _ trouble: Trouble) throws {
        self.lifetimeMS = lifetimeMS
        self.trouble = trouble
        secondConversion = OddAnswer.outcome(ofLead: trouble.secondCode)
        for place in 1...2 {
            contacts[Self.twins, default: []].append(
                FoundContact(
                    id: try RecordID("003Ws000000000\(place)", of: .contact),
                    accountID: try RecordID("001Ws000000000\(place)", of: .account)))
        }
        try addAccounts()
    }

    // MARK: Conversions

    /// A call leaves the daemon. Whether it arrives is another matter.
    mutating func leaves(_ callID: Int64, _ leads: [LeadConversion], at now: Int64) {
        for lead in leads {
            let id = lead.leadID
            if let doubt = doubts[id], !forgotten.contains(id) {
                violations.append(
                    "call \(callID) sends \(id) while the outcome of call \(doubt.callID) is open")
            }
            for other in running.values where other.leads.contains(where: { $0.leadID == id }) {
                if forgotten.contains(id) { continue }
                violations.append(
                    "call \(callID) sends \(id) while call \(other.callID) works on it")
            }
            if let account = lead.accountID,
                let other = running.values.first(where: { other in
                    // It will touch the account only for leads that are still to be converted.
                    other.leads.contains { other in
                        other.accountID == account
                            && self.leads[other.leadID].map { !isConverted($0, at: now) } == true
                    }
                }), !other.leads.contains(where: { forgotten.contains($0.leadID) })
            {
                violations.append(
                    "call \(callID) names account \(account) while call \(other.callID) does")
            }
            if let account = lead.accountID?.description, followUps.isBeingSet(account),
                !forgotten.contains(id)
            {
                violations.append("call \(callID) converts into \(account) while a call sets it")
            }
            if lead.accountID == nil, let group = self.leads[id]?.group, !forgotten.contains(id),
                !isTamperedWith,
                let other = doubts.first(where: { other, doubt in
                    doubt.makesAccount && self.leads[other]?.group == group
                        && !forgotten.contains(other)
                })
            {
                violations.append(
                    "call \(callID) may make a second account of \(group) beside \(other.value.callID)"
                )
            }
            let doubt = Doubt(callID: callID, startedAt: now, accountID: lead.accountID)
            doubts[id] = doubt
            suspects[id, default: []].append(doubt)
        }
    }

    mutating func arrives(_ callID: Int64, _ leads: [LeadConversion], at now: Int64) {
        running[callID] = Running(callID: callID, leads: leads, startedAt: now)
    }

    /// The call does its work, all of it, in one moment.
    mutating func commits(_ callID: Int64, at now: Int64) -> Reply<[LeadOutcome]> {
        guard let call = running.removeValue(forKey: callID) else {
            preconditionFailure("A call commits once.")
        }
        if call.leads.contains(where: { isPoison($0.leadID) }) {
            return Reply(
                .refused(.callTooLarge, Reason("EXCEEDED_QUOTA", "CPU time limit exceeded")))
        }
        let thrown = trouble.usesAction ? throwing(call.leads, at: now) : []
        var left = trouble.leadsAtOnce
        let outcomes = call.leads.map { lead -> LeadOutcome in
            if left == 0 && call.leads.count > 1 { return .limited(Self.overLimit) }
            let outcome = convert(lead, by: callID, at: now)
            if case .converted = outcome { left -= 1 }
            return outcome
        }
        guard !thrown.isEmpty else { return Reply(.value(outcomes)) }
        return OddAnswer.mixed(call.leads, outcomes, threwFor: thrown)
    }

    private static let overLimit = Reason(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "LeadTrigger: System.LimitException: Too many SOQL queries: 101")

    private func throwing(_ leads: [LeadConversion], at now: Int64) -> Set<RecordID> {
        Set(
            leads.map(\.leadID).filter { id in
                guard let lead = self.leads[id], case .throwing = lead.nature else { return false }
                return !isConverted(lead, at: now)
            })
    }

    func isUnreadable(_ id: RecordID) -> Bool {
        if case .unreadable = leads[id]?.nature { true } else { false }
    }

    func isBarred(_ id: RecordID) -> Bool {
        if case .barred = leads[id]?.nature { true } else { false }
    }

    private func isPoison(_ id: RecordID) -> Bool {
        if case .poison = leads[id]?.nature { true } else { false }
    }

    private mutating func convert(
        _ conversion: LeadConversion, by callID: Int64, at now: Int64
    ) -> LeadOutcome {
        let id = conversion.leadID
        guard var lead = leads[id] else {
            return .permanent(Reason("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        }
        if isConverted(lead, at: now) { return secondConversion }
        switch lead.nature {
        case .refused:
            return .permanent(Reason("INVALID_STATUS", "invalid convertedStatus"))
        case .locked(let times) where times > 0:
            lead.nature = .locked(times - 1)
            leads[id] = lead
            return .transient(Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"))
        case .coded(let code, let times) where times > 0:
            lead.nature = .coded(code, times: times - 1)
            leads[id] = lead
            return OddAnswer.outcome(ofLead: code)
        case .throwing:
            return OddAnswer.outcome(ofLead: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
        case .plain, .locked, .poison, .convertedByOthers, .hidden, .coded, .unreadable,
            .barred:
            lead.convertedBy = callID
            lead.account = conversion.accountID
            meet(conversion, in: callID)
            makeAccount(for: conversion, in: callID)
            leads[id] = lead
            conversions += 1
            return .converted(records(id))
        }
    }

    /// The lead's contact: the one that it was sent with, or a new one.
    private mutating func meet(_ conversion: LeadConversion, in callID: Int64) {
        guard let email = conversion.matchEmail, conversion.contactID == nil else { return }
        let fitting = find([email])[0].filter {
            conversion.accountID == nil || $0.accountID == conversion.accountID
        }
        if !fitting.isEmpty && !forgotten.contains(conversion.leadID) && !isTamperedWith {
            violations.append("call \(callID) makes a second contact for \(conversion.leadID)")
        }
        let stem = conversion.leadID.description.dropFirst(3).prefix(12)
        do {
            let contact = FoundContact(
                id: try RecordID("003\(stem)", of: .contact),
                accountID: try conversion.accountID ?? RecordID("001\(stem)", of: .account))
            contacts[email, default: []].append(contact)
        } catch {
            violations.append("\(error)")
        }
    }

    func find(_ addresses: [String]) -> [[FoundContact]] {
        addresses.map { contacts[$0] ?? [] }
    }

    func isConverted(_ lead: RecordID, at now: Int64) -> Bool {
        leads[lead].map { isConverted($0, at: now) } ?? false
    }

    func isConverted(_ lead: Lead, at now: Int64) -> Bool {
        if lead.convertedBy != nil { return true }
        if case .convertedByOthers(let at) = lead.nature { return at <= now }
        return false
    }

    /// Each lead's own records, so that a mix-up shows.
    func records(_ id: RecordID) -> ConvertedRecords {
        let own = id.description.dropFirst(3).prefix(12)
        return ConvertedRecords(
            accountID: leads[id]?.account?.description ?? "001\(own)", contactID: "003\(id)",
            opportunityID: nil)
    }

    /// Groups of which our calls made more than one account, with a lead that anybody can see.
    var splitGroups: [String] {
        let makers = leads.values.filter { lead in
            if case .hidden = lead.nature { return false }
            return lead.group != nil && lead.convertedBy != nil && lead.account == nil
        }
        return Dictionary(grouping: makers) { $0.group ?? "" }.filter { $1.count > 1 }.map(\.key)
    }

    // MARK: Questions

    func read(_ ids: [RecordID], at now: Int64) -> [LeadReading] {
        ids.map { id in
            guard let lead = leads[id] else { return .notVisible }
            if case .hidden = lead.nature { return .notVisible }
            return isConverted(lead, at: now) ? .converted(records(id)) : .notConverted
        }
    }

    // MARK: What the daemon knows

    /// The daemon has written down how a call ended for this lead, with an answer that was clear.
    mutating func isKnown(_ id: RecordID, of callID: Int64) {
        if doubts[id]?.callID == callID { doubts[id] = nil }
        suspects[id]?.removeAll { $0.callID == callID }
    }

    /// The daemon has written down an answer that was whole, so that the call is over, but did
    /// not say what became of its leads.
    mutating func isOver(_ callID: Int64, _ ids: [RecordID]) {
        for id in ids where doubts[id]?.callID == callID { doubts[id]?.isOver = true }
    }

    /// Whether a call of ours may have converted the lead into the account that it has now.
    func mayBeOurs(_ id: RecordID) -> Bool {
        let account = records(id).accountID
        return suspects[id, default: []].contains {
            $0.accountID == nil || $0.accountID?.description == account
        }
    }

    /// The daemon has written down a reading that was made at this time.
    mutating func isRead(_ id: RecordID, _ reading: LeadReading, madeAt time: Int64) {
        guard let doubt = doubts[id] else { return }
        let isOver = doubt.isOver || time - doubt.startedAt >= lifetimeMS
        if case .converted = reading {
            doubts[id] = nil
        } else if isOver {
            doubts[id] = nil
            suspects[id] = nil
        }
    }

    /// What the daemon knows of this lead was changed by somebody else.
    mutating func forget(_ id: RecordID) {
        forgotten.insert(id)
        isTamperedWith = true
    }

    /// The daemon's file was replaced by an older one.
    mutating func forgetCalls() {
        forgotten.formUnion(leads.keys)
        followUps.unforeseen.formUnion(
            followUps.running.values.flatMap(\.content).map(SimulatedFollowUps.Written.init))
    }
}
