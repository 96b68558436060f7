public import Conversion
import NIOHTTP1
import Synchronization

// Searches for records that leads are to join, by SOQL.

extension SalesforceTransport {
    /// Searches for contacts by their addresses or ids.
    public func searchContacts(_ contacts: [ContactKey]) async -> Reply<[[FoundContact]]> {
        precondition((1...200).contains(contacts.count), "a search takes 1...200 contacts")
        return await search { tellsPersonAccounts in
            ContactQuery.text(contacts, tellingPersonAccounts: tellsPersonAccounts)
        } outcome: { response, tellsPersonAccounts in
            ContactQuery.outcome(
                of: response, for: contacts, tellingPersonAccounts: tellsPersonAccounts)
        }
    }

    /// Searches for business accounts by the value of their match field.
    public func searchAccounts(_ values: [String]) async -> Reply<[[RecordID]]> {
        precondition((1...200).contains(values.count), "a search takes 1...200 values")
        let query = AccountQuery(field: settings.matchAccountField, values: values)
        return await search { tellsPersonAccounts in
            query.text(tellingPersonAccounts: tellsPersonAccounts)
        } outcome: { response, tellsPersonAccounts in
            query.outcome(of: response, tellingPersonAccounts: tellsPersonAccounts)
        }
    }

    /// Asks with one request. Only an org with person accounts has a field that tells them: one that
    /// refuses it is not asked for it again.
    private func search<Value>(
        text: (Bool) -> String, outcome: (APIResponse, Bool) -> Reply<Value>.Outcome
    ) async -> Reply<Value> {
        let tellsPersonAccounts = state.withLock(\.mayHavePersonAccounts)
        let query = text(tellsPersonAccounts).percentEncoded
        let reply = await rest(.GET, "\(dataPath)/query?q=\(query)") { response in
            Reply(response, outcome(response, tellsPersonAccounts))
        }
        switch reply.outcome {
        case .refused(.adapted, _): state.withLock { $0.mayHavePersonAccounts = false }
        // It was another field, then: nothing is known of this one.
        case .refused(.permission, _), .refused(.configuration, _):
            state.withLock { $0.mayHavePersonAccounts = true }
        default: break
        }
        return reply
    }
}

/// The first page of what a query of ours found.
struct QueryRows<Row: Decodable>: Decodable {
    /// Whether there is no other page.
    var done: Bool
    var records: [Row]
}

extension APIResponse {
    /// What the refusal of a search for what is named ("account") means. What is wrong with a query may
    /// be one of the values in it; one for a single value that took too long may be made again.
    /// Salesforce's words may quote the query and the leads in it, and are left out.
    /// - Parameter own: What a reason means to this search alone.
    func refusalOfSearch(
        for name: String, isForOne: Bool, tellingPersonAccounts: Bool, own: (Reason) -> Failure?
    ) -> Failure {
        if let reason = json([RESTError].self)?.first?.reason {
            // Whichever field it was: without this one, the next answer names any other.
            if reason.code == "INVALID_FIELD", tellingPersonAccounts {
                return .refused(.adapted, .noPersonAccounts)
            }
            if let failure = own(reason) { return failure }
            if reason.code == "MALFORMED_QUERY" {
                return .refused(.callTooLarge, .refusedSearch(for: name, reason))
            }
        }
        switch outcomeOfReading {
        case .refused(.callTooLarge, let reason) where isForOne:
            return .unclear(.refusedSearch(for: name, reason))
        case .refused(let blocker, let reason):
            return .refused(blocker, .refusedSearch(for: name, reason))
        case .unclear(let reason): return .unclear(.refusedSearch(for: name, reason))
        }
    }
}

extension Reason {
    static func refusedSearch(for name: String, _ reason: Reason) -> Reason {
        Reason(
            ours: reason.code, "Salesforce did not answer the search for the lead's \(name).",
            mayPass: reason.mayPass)
    }

    static let noPersonAccounts = Reason(
        ours: "NO_PERSON_ACCOUNTS", "The org has no person accounts; the search leaves them out.")
}
