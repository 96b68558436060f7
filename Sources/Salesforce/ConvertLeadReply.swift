import Conversion

/// Reads what came of a `convertLead` call.
///
/// The one rule: nothing is believed of any lead unless the whole answer fits the request. A
/// result too few, or one for another lead, and the call is in doubt for all of them.
enum ConvertLeadReply {
    /// The reply to a call for these leads.
    static func reply(to leads: [LeadConversion], from response: APIResponse) -> Reply<
        [LeadOutcome]
    > {
        var reply = Reply<[LeadOutcome]>(
            .init(response.outcomeByStatus), httpStatus: response.status)
        if let soap = SOAPResponse(response.body) {
            reply.usage = soap.usage
            switch soap.body {
            case .results(let results):
                reply.outcome = outcome(of: results, for: leads)
                if case .unclear = reply.outcome { reply.isOver = isWhole(results, for: leads) }
            case .fault(let reason):
                reply.outcome = .init(Failure(refusalOfWrite: reason))
            case .foreignFault(let reason):
                reply.outcome = .unclear(reason)
            }
        }
        reply.usage = reply.usage ?? OrgUsage(header: response.headers)
        return reply
    }

    /// Whether a result is there for each lead, and names it: then it is this call that was
    /// answered, and it is over, whatever else the results lack.
    private static func isWhole(_ results: [XMLNode], for leads: [LeadConversion]) -> Bool {
        results.count == leads.count
            && zip(results, leads).allSatisfy { result, lead in
                result.text(of: "leadId").map(lead.leadID.isNamed) ?? false
            }
    }

    private static func outcome(
        of results: [XMLNode], for leads: [LeadConversion]
    ) -> Reply<[LeadOutcome]>.Outcome {
        guard results.count == leads.count else {
            return .unclear(.shortAnswer(results.count, of: leads.count))
        }
        var outcomes: [LeadOutcome] = []
        outcomes.reserveCapacity(leads.count)
        for (result, lead) in zip(results, leads) {
            let named = result.text(of: "leadId")
            if let named, !lead.leadID.isNamed(by: named) { return .unclear(.wrongLead) }
            switch result.text(of: "success") {
            case "true", "1":
                guard named != nil else {
                    return .unclear(.unreadable("A success does not say of which lead"))
                }
                guard let records = ConvertedRecords(result) else {
                    return .unclear(.unreadable("A success does not say into which records"))
                }
                outcomes.append(.converted(records))
            case "false", "0":
                outcomes.append(LeadErrors(result.children("errors")).outcome)
            default:
                return .unclear(.unreadable("A result does not say whether it is a success"))
            }
        }
        return .init(leads: outcomes)
    }
}

extension Reply<[LeadOutcome]>.Outcome {
    /// What leads came to, each for itself. Where all of them ran into a limit that they share, the call
    /// was too large; a lead alone that did so is refused for good.
    init(leads: [LeadOutcome]) {
        let limited = leads.compactMap { if case .limited(let reason) = $0 { reason } else { nil } }
        self =
            switch limited.first {
            case let reason? where leads.count == 1: .value([.permanent(reason)])
            case let reason? where limited.count == leads.count: .refused(.callTooLarge, reason)
            default: .value(leads)
            }
    }
}

extension ConvertedRecords {
    /// The records that a success names; nil when it does not name what every conversion makes.
    ///
    /// The WSDL wants account and contact there, and lets both be nil. A person account has no
    /// contact that a lead could be converted into; without an account there is no conversion.
    fileprivate init?(_ result: XMLNode) {
        guard let account = result.text(of: "accountId"), RecordID.names(account, .account),
            result.child("contactId") != nil
        else { return nil }
        let contact = result.text(of: "contactId")
        let opportunity = result.text(of: "opportunityId")
        guard contact.map({ RecordID.names($0, .contact) }) ?? true,
            opportunity.map({ RecordID.names($0, .opportunity) }) ?? true
        else { return nil }
        self.init(accountID: account, contactID: contact, opportunityID: opportunity)
    }
}

extension RecordID {
    /// Whether a text is the id of such a record.
    static func names(_ text: String, _ kind: Kind) -> Bool {
        do {
            _ = try RecordID(text, of: kind)
            return true
        } catch {
            return false
        }
    }

    /// Whether a text is this id in either of its forms; the first fifteen characters decide.
    func isNamed(by text: String) -> Bool {
        (text.utf8.count == 15 || text.utf8.count == 18)
            && withUTF8 { $0[..<15].elementsEqual(text.utf8.prefix(15)) }
    }
}
