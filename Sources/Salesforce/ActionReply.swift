import Conversion

/// Reads what came of a call to the Apex action.
///
/// The rule of `ConvertLeadReply` holds here too: nothing is believed of any lead unless the whole
/// answer fits the question.
enum ActionReply {
    /// The reply to a call for these leads.
    static func reply(to leads: [LeadConversion], from answer: Answer) -> CallReply {
        CallReply(
            outcome(of: answer, for: leads), httpStatus: answer.status,
            usage: OrgUsage(header: answer.headers))
    }

    /// Salesforce writes results and refusals alike as an array, under one status or another:
    /// what stands in it decides.
    private static func outcome(of answer: Answer, for leads: [LeadConversion]) -> CallOutcome {
        if let results = answer.json([ActionResult].self) {
            return outcome(of: results, for: leads)
        }
        guard let error = answer.json([RESTError].self)?.first else {
            return answer.outcomeByStatus
        }
        return outcome(of: error.reason)
    }

    private static func outcome(of error: Reason) -> CallOutcome {
        switch error.code {
        case "NOT_FOUND":
            .refused(.configuration, .noAction(error.message))
        case "QUERY_TIMEOUT":
            // REST's word for REQUEST_RUNNING_TOO_LONG, and a conversion's doubt like that one.
            .unclear(error)
        default:
            CallOutcome(refusalOfConversion: error)
        }
    }

    private static func outcome(
        of results: [ActionResult], for leads: [LeadConversion]
    ) -> CallOutcome {
        guard results.count == leads.count else {
            return .unclear(.shortAnswer(results.count, of: leads.count))
        }
        let thrown = results.filter(\.isThrown)
        if thrown.count == results.count, let first = thrown.first {
            return outcome(ofThrown: first.failure, leads: leads.count)
        }
        // Apex that throws takes back all that its call did, so it cannot have thrown for some.
        guard thrown.isEmpty else { return .unclear(.halfThrown) }
        var outcomes: [LeadOutcome] = []
        outcomes.reserveCapacity(leads.count)
        for (result, lead) in zip(results, leads) {
            guard let named = result.outputValues?.leadId else {
                return .unclear(.unreadable("A result does not name its lead"))
            }
            guard lead.leadID.isNamed(by: named) else { return .unclear(.wrongLead) }
            guard let outcome = result.outcome else {
                return .unclear(.unreadable("A result has neither an account nor a statusCode"))
            }
            outcomes.append(outcome)
        }
        return .converted(outcomes)
    }

    /// The class threw, or a trigger ran into a governor limit below it: the call took no effect,
    /// whoever in it is the cause. Alone in its call, a lead is the cause itself.
    private static func outcome(ofThrown errors: LeadErrors, leads: Int) -> CallOutcome {
        let outcome = errors.outcome
        let reason: Reason
        switch outcome {
        case .obstructed(let obstacle, let why): return .refused(obstacle, why)
        case .transient(let why), .permanent(let why), .refusedAsConverted(let why): reason = why
        case .converted: preconditionFailure("Errors convert nobody.")
        }
        if ["QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"].contains(reason.code) {
            return .unclear(reason)
        }
        return leads == 1 ? .converted([outcome]) : .refused(.callTooLarge, reason)
    }
}

extension Reason {
    /// A mixture that the platform does not make: invocable Apex has no partial save.
    /// Source: Winter '20 release notes, "Enable Partial Save for Invocable Actions".
    fileprivate static let halfThrown = Reason(
        "MIXED_ANSWER", "The action threw for some of the leads and not for others.")

    fileprivate static func noAction(_ message: String) -> Reason {
        Reason(
            "NOT_FOUND",
            """
            \(message) There is no such Apex action, or the user may not run it. Deploy the class \
            that SALESFORCE_TRANSPORT names and give the user access to it by a permission set.
            """)
    }
}
