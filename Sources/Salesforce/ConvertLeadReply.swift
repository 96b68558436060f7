import Conversion

/// Reads what came of a `convertLead` call.
///
/// The one rule: nothing is believed of any lead unless the whole answer fits the question. A
/// result too few, or one for another lead, and the call is in doubt for all of them.
enum ConvertLeadReply {
    /// The reply to a call for these leads.
    static func reply(to leads: [LeadConversion], from answer: Answer) -> CallReply {
        var reply = CallReply(answer.outcomeByStatus, httpStatus: answer.status)
        if let soap = SOAPAnswer(answer.body) {
            reply.usage = soap.usage
            reply.outcome =
                switch soap.body {
                case .results(let results): outcome(of: results, for: leads)
                case .fault(let reason): CallOutcome(refusalOfConversion: reason)
                }
        }
        reply.usage = reply.usage ?? OrgUsage(header: answer.headers)
        return reply
    }

    private static func outcome(
        of results: [XMLNode], for leads: [LeadConversion]
    ) -> CallOutcome {
        guard results.count == leads.count else {
            return .unclear(.shortAnswer(results.count, of: leads.count))
        }
        var outcomes: [LeadOutcome] = []
        outcomes.reserveCapacity(leads.count)
        for (result, lead) in zip(results, leads) {
            if let named = result.text(of: "leadId"), !lead.leadID.isNamed(by: named) {
                return .unclear(.wrongLead)
            }
            guard let outcome = outcome(of: result) else {
                return .unclear(.unreadable("A result does not say whether it is a success"))
            }
            outcomes.append(outcome)
        }
        return .converted(outcomes)
    }

    private static func outcome(of result: XMLNode) -> LeadOutcome? {
        switch result.text(of: "success") {
        case "true", "1":
            .converted(
                ConvertedRecords(
                    accountID: result.text(of: "accountId"),
                    contactID: result.text(of: "contactId"),
                    opportunityID: result.text(of: "opportunityId")))
        case "false", "0":
            LeadErrors(result.children("errors")).outcome
        default:
            nil
        }
    }
}

extension RecordID {
    /// Whether a text is this id in either of its forms; the first fifteen characters decide.
    func isNamed(by text: String) -> Bool {
        (text.utf8.count == 15 || text.utf8.count == 18)
            && text.utf8.prefix(15).elementsEqual(description.utf8.prefix(15))
    }
}
