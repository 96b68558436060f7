import Conversion

/// Reads what came of a call to the Apex action.
///
/// The rule of `ConvertLeadReply` holds here too: nothing is believed of any lead unless the whole
/// answer fits the request.
enum ActionReply {
    /// The reply to a call for these leads.
    static func reply(to leads: [LeadConversion], from response: APIResponse) -> Reply<
        [LeadOutcome]
    > {
        let (outcome, isOver) = outcome(of: response, for: leads)
        var reply = Reply(response, outcome)
        reply.isOver = isOver
        return reply
    }

    /// Salesforce writes results and refusals alike as an array, under one status or another:
    /// what stands in it decides. But a server's failure may come from after the class had done its
    /// work: then nothing is believed but that all leads are converted.
    private static func outcome(
        of response: APIResponse, for leads: [LeadConversion]
    ) -> (Reply<[LeadOutcome]>.Outcome, isOver: Bool) {
        if let results = response.json([ActionResult].self) {
            let outcome = outcome(of: results, for: leads)
            guard response.status >= 500 else { return (outcome, isWhole(results, for: leads)) }
            return (outcome.besideFailure(response.status), false)
        }
        guard let error = response.json([RESTError].self)?.first?.reason else {
            return (.init(response.outcomeByStatus), false)
        }
        let isRefusal = (400..<500).contains(response.status) || response.status == 503
        return (isRefusal ? .init(failure(of: error)) : .unclear(error), false)
    }

    private static func failure(of error: Reason) -> Failure {
        error.code == "NOT_FOUND"
            ? .refused(.configuration, .noAction(error.message))
            : Failure(refusalOfWrite: error)
    }

    /// Whether all results are there and each that names a lead names the one at its place: then
    /// it is this call that was answered, and it is over, whatever else the results lack.
    private static func isWhole(_ results: [ActionResult], for leads: [LeadConversion]) -> Bool {
        results.count == leads.count
            && zip(results, leads).allSatisfy { result, lead in
                result.outputValues?.leadId.map(lead.leadID.isNamed) ?? result.isThrown
            }
    }

    private static func outcome(
        of results: [ActionResult], for leads: [LeadConversion]
    ) -> Reply<[LeadOutcome]>.Outcome {
        guard results.count == leads.count else {
            return .unclear(.shortAnswer(results.count, of: leads.count))
        }
        let thrown = results.filter(\.isThrown)
        if thrown.count == results.count, let first = thrown.first {
            return outcome(ofThrown: first.failure, leads: leads.count)
        }
        var outcomes: [LeadOutcome] = []
        outcomes.reserveCapacity(leads.count)
        for (result, lead) in zip(results, leads) where !result.isThrown {
            guard let named = result.outputValues?.leadId else {
                return .unclear(.unreadable("A result does not name its lead"))
            }
            guard lead.leadID.isNamed(by: named) else { return .unclear(.wrongLead) }
            guard let outcome = result.outcome else {
                return .unclear(.unreadable("A result has neither an account nor a statusCode"))
            }
            outcomes.append(outcome)
        }
        return thrown.isEmpty ? .init(leads: outcomes) : .unclear(.halfThrown)
    }

    /// The class threw, or a trigger ran into a governor limit below it: the call took no effect,
    /// whichever of its leads is the cause. A lead that is alone in its call is the cause itself.
    private static func outcome(ofThrown errors: LeadErrors, leads: Int)
        -> Reply<[LeadOutcome]>.Outcome
    {
        let outcome = errors.outcome
        if case .blocked(let blocker, let reason) = outcome { return .refused(blocker, reason) }
        guard let reason = outcome.reason else { preconditionFailure("Errors convert no lead.") }
        if ["QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"].contains(reason.code) {
            return .unclear(reason)
        }
        return leads == 1 ? .init(leads: [outcome]) : .refused(.callTooLarge, reason)
    }
}

extension Reply<[LeadOutcome]>.Outcome {
    /// What of it is believed under a status that says that the server failed.
    fileprivate func besideFailure(_ status: Int) -> Self {
        switch self {
        case .value(let leads) where leads.allSatisfy(\.isConverted): self
        case .value: .unclear(.failedBeside(status))
        case .refused(_, let reason): .unclear(reason)
        case .unclear: self
        }
    }
}

extension LeadOutcome {
    fileprivate var isConverted: Bool { if case .converted = self { true } else { false } }
}

extension Reason {
    fileprivate static func failedBeside(_ status: Int) -> Reason {
        Reason(
            ours: "SERVER_ERROR",
            "HTTP \(status) with results by which not all leads are converted: what was done may "
                + "have been undone, or done after all.")
    }

    /// Which of them took effect depends on whether the org lets invocations be saved in part.
    /// Source: Metadata API Developer Guide, `InvocableActionSettings`, `isPartialSaveAllowed`.
    fileprivate static let halfThrown = Reason(
        ours: "MIXED_ANSWER", "The action threw for some of the leads and not for others.")

    fileprivate static func noAction(_ message: String) -> Reason {
        Reason(
            "NOT_FOUND", message,
            remedy: """
                There is no such Apex action, or the user may not run it. Deploy the class that \
                SALESFORCE_TRANSPORT names and give the user access to it by a permission set.
                """)
    }
}
