import Foundation

extension Org {
    /// Converts one lead, or says why not. Each lead stands alone: it is wholly done or not at all.
    mutating func convert(
        _ request: LeadConvert, _ circumstances: ConversionCircumstances
    ) -> LeadConvertResult {
        let echoed = Identifier(request.leadID)?.text ?? request.leadID
        do throws(LeadFailure) {
            let place = try openLead(request)
            try checkLock(place, circumstances)
            try checkRefusal(place, circumstances)
            let plan = try plan(request, place, circumstances.options)
            try checkTriggers(plan, circumstances.options)
            return LeadConvertResult(
                leadID: echoed, outcome: .success(commit(plan, at: circumstances.at)))
        } catch {
            return LeadConvertResult(leadID: echoed, outcome: .failure(error))
        }
    }

    /// The lead, if it is there and not yet converted.
    private func openLead(_ request: LeadConvert) throws(LeadFailure) -> Int {
        guard mayConvert(request) else {
            throw LeadFailure(
                code: "INSUFFICIENT_ACCESS", message: "insufficient access rights on object id")
        }
        let id = try identifier(request.leadID, .lead, field: "Lead ID")
        guard let place = place(of: id) else { throw .unknownReference(field: "LeadId") }
        guard !leads[place].isDeleted else { throw .deleted }
        guard leads[place].conversion == nil else {
            throw LeadFailure(
                code: secondConversionCode, message: "cannot reference converted lead")
        }
        return place
    }

    private mutating func checkLock(
        _ place: Int, _ circumstances: ConversionCircumstances
    ) throws(LeadFailure) {
        if let row = circumstances.lockedRow { throw .locked(row) }
        if circumstances.hasLockFault { throw .locked(leads[place].id) }
        guard leads[place].locks > 0 else { return }
        change(place) { $0.locks -= 1 }
        throw .locked(leads[place].id)
    }

    /// What refuses this lead whatever is asked for it: an incident, or a trait of its own.
    private mutating func checkRefusal(
        _ place: Int, _ circumstances: ConversionCircumstances
    ) throws(LeadFailure) {
        if let failure = circumstances.incident { throw failure }
        guard let refusal = leads[place].refusal, refusal.times > 0 else { return }
        change(place) { $0.refusal?.times -= 1 }
        throw LeadFailure(code: refusal.code, message: Incident.message(for: refusal.code))
    }

    /// The org's own rules: duplicate rules first, then triggers, which see what would be saved.
    private func checkTriggers(
        _ plan: ConversionPlan, _ options: ConvertOptions
    ) throws(LeadFailure) {
        let lead = leads[plan.place]
        if let duplicate = lead.duplicate, duplicate.isMade(by: plan),
            duplicate.blocks || !options.savesDuplicates
        {
            throw LeadFailure(
                code: "DUPLICATES_DETECTED",
                message: "You're creating a duplicate record. We recommend you use an existing "
                    + "record instead.",
                duplicate: duplicate)
        }
        if lead.invocationThrows {
            throw LeadFailure(
                code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                message: "LeadTrigger: System.NullPointerException", isThrown: true)
        }
        if let message = lead.triggerFailure {
            throw LeadFailure(code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message: message)
        }
    }

    /// Somebody else's conversion, in the plainest way.
    mutating func convertExternally(_ place: Int, at: Date) {
        var plan = ConversionPlan(
            place: place, status: "Closed - Converted",
            ownerID: leads[place].ownerID.isOf(.user) ? leads[place].ownerID : Self.integrationUser,
            opportunity: .none)
        plan.modifiedByID = Identifier(.user, number: 3)
        _ = commit(plan, at: at)
    }
}
