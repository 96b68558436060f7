import Conversion

/// Looks for business accounts by the value of one field, with one SOQL query.
///
/// Sources: REST API Developer Guide, "Query"; SOQL and SOSL Reference: texts are compared without
/// case. What is said of pages in `ContactQuery` holds here, too.
struct AccountQuery {
    /// A field's API name; settings let no other text through.
    var field: String
    var values: [String]

    /// What is asked. Only an org with person accounts has `IsPersonAccount`; another refuses the
    /// whole query for it.
    func text(tellingPersonAccounts: Bool) -> String {
        let fields = "Id, \(field)" + (tellingPersonAccounts ? ", IsPersonAccount" : "")
        return "SELECT \(fields) FROM Account WHERE \(field) IN ("
            + values.map(\.soqlQuoted).joined(separator: ",") + ") ORDER BY CreatedDate, Id"
    }

    /// What the answer says of each value, person accounts left out: a lead of a company does not
    /// become part of a person.
    func outcome(
        of response: APIResponse, tellingPersonAccounts: Bool
    ) -> Reply<[[RecordID]]>.Outcome {
        guard response.status == 200 else {
            return .init(
                response.refusalOfSearch(
                    for: "account", isForOne: values.count == 1,
                    tellingPersonAccounts: tellingPersonAccounts, own: refusal))
        }
        guard let page = response.json(QueryRows<[String: JSON]>.self),
            let found = found(in: page.records)
        else {
            return .unclear(.unreadable("The answer is not a list of accounts"))
        }
        guard page.done else {
            return .refused(.callTooLarge, values.count == 1 ? .manyOfOneValue : .manyPages)
        }
        if values.count == 1 { return .value([found.map(\.id)]) }
        let byValue = Dictionary(grouping: found, by: \.value)
        let asked = values.map { $0.lowercased() }
        guard Set(byValue.keys).isSubset(of: asked) else {
            return .refused(.callTooLarge, .otherValue)
        }
        return .value(asked.map { byValue[$0, default: []].map(\.id) })
    }

    /// A field that the org lacks is a wrong setting, and no lead's fault.
    private func refusal(_ reason: Reason) -> Failure? {
        switch reason.code {
        case "INVALID_FIELD": .refused(.configuration, .unknownField(field, reason))
        case "INVALID_TYPE", "INSUFFICIENT_ACCESS":
            .refused(.permission, .accountsNotVisible(reason))
        default: nil
        }
    }

    /// The accounts; nil when a row is none.
    private func found(in rows: [[String: JSON]]) -> [(value: String, id: RecordID)]? {
        var found: [(String, RecordID)] = []
        for row in rows {
            // Salesforce writes a field by its own spelling, whatever the query's is.
            let fields = Dictionary(row.map { ($0.key.lowercased(), $0.value) }) { $1 }
            guard case .text(let id)? = fields["id"],
                let account = RecordID(stem: id.prefix(15), of: .account),
                case .text(let value)? = fields[field.lowercased()]
            else { return nil }
            switch fields["ispersonaccount"] {
            case .bool(true): continue
            case .bool(false), nil: found.append((value.lowercased(), account))
            default: return nil
            }
        }
        return found
    }
}

extension Reason {
    fileprivate static let manyPages = Reason(
        ours: "MANY_ACCOUNTS", "The search found more accounts than one answer holds.")

    /// It is the group's own, and its code says what it comes to.
    fileprivate static let manyOfOneValue = Reason(
        ours: "MULTIPLE_ACCOUNTS_MATCH",
        "More accounts match the lead's group than one answer holds. Merge them and retry.")

    fileprivate static let otherValue = Reason(
        ours: "OTHER_ACCOUNT", "The search found an account of another value than those asked for.")

    fileprivate static func unknownField(_ field: String, _ reason: Reason) -> Reason {
        Reason(
            ours: "MATCH_FIELD_UNKNOWN",
            "Accounts can't be searched for by their field \(field): set "
                + "LEADCONVERT_MATCH_ACCOUNT_FIELD to a text field of Account that the user may read "
                + "and that a query can filter (\(reason.code)).")
    }

    fileprivate static func accountsNotVisible(_ reason: Reason) -> Reason {
        Reason(
            ours: "ACCOUNTS_NOT_VISIBLE",
            "Accounts are to be searched for, and the user may not read them (\(reason.code)): grant "
                + "that.")
    }
}
