import Conversion

/// Looks for contacts by their e-mail addresses or ids, with one SOQL query.
///
/// Sources: REST API Developer Guide, "Query"; SOQL and SOSL Reference, "Quoted String Escape
/// Sequences": texts are compared without case, a quote and a backslash take a backslash.
/// A page has up to 2,000 rows. A search that has more is made again with fewer addresses, because
/// what the first page does not say the next one may.
enum ContactQuery {
    /// What is asked. Only an org with person accounts has `IsPersonAccount`; another refuses the
    /// whole query for it.
    static func text(_ keys: [ContactKey], tellingPersonAccounts: Bool) -> String {
        let fields = "Id, AccountId, Email" + (tellingPersonAccounts ? ", IsPersonAccount" : "")
        return "SELECT \(fields) FROM Contact WHERE \(condition(keys)) ORDER BY CreatedDate, Id"
    }

    private static func condition(_ keys: [ContactKey]) -> String {
        let addresses = keys.compactMap {
            if case .email(let address) = $0 { address } else { nil }
        }
        let ids = keys.compactMap { if case .id(let id) = $0 { id.description } else { nil } }
        return [("Email", addresses), ("Id", ids)].filter { !$1.isEmpty }.map { field, values in
            "\(field) IN (\(values.map(\.soqlQuoted).joined(separator: ",")))"
        }.joined(separator: " OR ")
    }

    /// What the answer says of each.
    static func outcome(
        of response: APIResponse, for keys: [ContactKey], tellingPersonAccounts: Bool
    ) -> Reply<[[FoundContact]]>.Outcome {
        guard response.status == 200 else {
            return .init(
                response.refusalOfSearch(
                    for: "contact", isForOne: keys.count == 1,
                    tellingPersonAccounts: tellingPersonAccounts, own: refusal))
        }
        guard let page = response.json(QueryRows<Row>.self), let found = found(in: page.records)
        else {
            return .unclear(.unreadable("The answer is not a list of contacts"))
        }
        guard page.done else {
            return .refused(.callTooLarge, keys.count == 1 ? .manyOfOneAddress : .manyPages)
        }
        // Of one address all are.
        if keys.count == 1 { return .value([found.map(\.contact)]) }
        let byAddress = Dictionary(grouping: found, by: \.address)
        let byID = Dictionary(grouping: found, by: \.contact.id)
        let answers = keys.map { key in
            switch key {
            case .email(let address): byAddress[address.lowercased(), default: []]
            case .id(let id): byID[id, default: []]
            }
        }
        let answered = Set(answers.joined().map(\.contact.id))
        guard found.allSatisfy({ answered.contains($0.contact.id) }) else {
            return .refused(.callTooLarge, .otherAddress)
        }
        return .value(answers.map { $0.map(\.contact) })
    }

    /// What keeps the user from all contacts stays until somebody acts.
    private static func refusal(_ reason: Reason) -> Failure? {
        switch reason.code {
        case "INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS":
            .refused(.permission, .contactsNotVisible(reason))
        default: nil
        }
    }

    /// The contacts; nil when a row is none.
    private static func found(
        in rows: [Row]
    ) -> [(address: String?, contact: FoundContact)]? {
        do throws(MalformedRecordID) {
            var found: [(String?, FoundContact)] = []
            for row in rows { found.append((row.email?.lowercased(), try row.contact())) }
            return found
        } catch {
            return nil
        }
    }

    private struct Row: Decodable {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case accountID = "AccountId"
            case email = "Email"
            case isPersonAccount = "IsPersonAccount"
        }

        var id: String
        var accountID: String?
        var email: String?
        var isPersonAccount: Bool?

        func contact() throws(MalformedRecordID) -> FoundContact {
            var contact = FoundContact(
                id: try RecordID(id, of: .contact), accountID: nil,
                isPersonAccount: isPersonAccount ?? false)
            if let accountID { contact.accountID = try RecordID(accountID, of: .account) }
            return contact
        }
    }
}

extension Reason {
    fileprivate static let manyPages = Reason(
        ours: "MANY_CONTACTS", "The search found more contacts than one answer holds.")

    /// It is the lead's own, and its code says what it comes to.
    fileprivate static let manyOfOneAddress = Reason(
        ours: "MULTIPLE_CONTACTS_MATCH",
        "More contacts have the lead's address than one answer holds. Merge them and retry.")

    fileprivate static let otherAddress = Reason(
        ours: "OTHER_ADDRESS", "The search found a contact of another address than those asked for."
    )

    fileprivate static func contactsNotVisible(_ reason: Reason) -> Reason {
        Reason(
            ours: "CONTACTS_NOT_VISIBLE",
            "Contacts are to be searched for by address, and the user may not read their Id, "
                + "AccountId and Email (\(reason.code)): grant that.")
    }
}
