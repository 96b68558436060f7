import Conversion

/// The errors of one lead, made into one outcome.
struct LeadErrors {
    private let reasons: [Reason]
    /// What duplicate rules named.
    private var duplicates = DuplicateRecords()

    /// Takes up the errors of a lead that was refused.
    init(_ reasons: [Reason]) {
        let none = Reason("UNKNOWN_ERROR", "Salesforce refused this lead and gave no reason.")
        self.reasons = reasons.isEmpty ? [none] : reasons
    }

    /// Reads `errors` elements.
    init(_ errors: [XMLNode]) {
        let named = errors.map { $0.child("duplicateResult").flatMap(NamedRecords.init) }
        self.init(
            zip(errors, named).map { error, found in
                var reason = Reason(
                    error.text(of: "statusCode"), error.text(of: "message"),
                    fields: error.children("fields").filter { !$0.isNil }.map(\.text))
                if let found { reason.message += " \(found)" }
                return reason
            })
        for found in named.compactMap(\.self) { duplicates.add(found.records) }
    }

    /// The weightiest error decides and gives the code; all their messages are kept.
    ///
    /// Converted already outweighs all, since then nothing else matters any more. What stops
    /// every lead comes next, then a code that we do not know, which could mean either; and a
    /// permanent fault stays one beside a passing one.
    var outcome: LeadOutcome {
        let ranked = reasons.map { ($0.code, StatusCodes.codeClass(ofLead: $0)) }
        let message = reasons.map(\.message).joined(separator: "; ")
        func reason(_ code: String) -> Reason { Reason(code, message) }

        if let (code, _) = ranked.first(where: { $0.1 == .converted }) {
            return .refusedAsConverted(reason(code))
        }
        for case (let code, .blocked(let blocker)) in ranked {
            return .blocked(blocker, StatusCodes.explained(reason(code), blocker))
        }
        if let (code, _) = ranked.first(where: { $0.1 == .unlisted }) {
            return .unlisted(reason(code))
        }
        if let (code, _) = ranked.first(where: { $0.1 == .permanent }) {
            let isDuplicate = ranked.allSatisfy { $0.0 == Self.duplicateCode }
            return isDuplicate && duplicates != DuplicateRecords()
                ? .duplicate(reason(code), duplicates) : .permanent(reason(code))
        }
        if let (code, _) = ranked.first(where: { $0.1 == .limited }) {
            return .limited(reason(code))
        }
        return .transient(reason(reasons[0].code))
    }

    private static let duplicateCode = "DUPLICATES_DETECTED"
}

extension Reason {
    /// An error of Salesforce's about a lead, with what may be missing in it.
    init(_ code: String?, _ message: String?, fields: [String]) {
        let message = message ?? "Salesforce gave no message."
        self.init(
            code ?? "UNKNOWN_ERROR",
            fields.isEmpty ? message : "\(message) (\(fields.joined(separator: ", ")))")
    }
}

/// The records that a duplicate rule found, so that people need not look for them again.
/// Source: Partner WSDL 58.0, `DuplicateResult`.
private struct NamedRecords: CustomStringConvertible {
    private(set) var records = DuplicateRecords()
    private var found: [String] = []
    private var count = 0
    /// A rule that is too wide can match thousands.
    private static let mostNamed = 10

    /// Nil when the rule names none.
    init?(_ result: XMLNode) {
        var seen: Set<String> = []
        for match in result.children("matchResults") {
            let entity = match.text(of: "entityType") ?? "Record"
            for record in match.children("matchRecords").compactMap({ $0.child("record") }) {
                // The element stands there twice; the first is read.
                guard let id = record.text(of: "Id"), id.utf8.count == 15 || id.utf8.count == 18,
                    seen.insert(id).inserted
                else { continue }
                if found.count < Self.mostNamed { found.append("\(entity) \(id)") }
                records.add(id)
            }
        }
        guard !seen.isEmpty else { return nil }
        count = seen.count
    }

    var description: String {
        let rest = count > found.count ? " and \(count - found.count) more" : ""
        return "(found: \(found.joined(separator: ", "))\(rest))"
    }
}

extension DuplicateRecords {
    fileprivate mutating func add(_ others: DuplicateRecords) {
        accounts += others.accounts.filter { !accounts.contains($0) }
        contacts += others.contacts.filter { !contacts.contains($0) }
    }

    /// Other objects than accounts and contacts can't be a target of a conversion.
    fileprivate mutating func add(_ id: String) {
        if let account = RecordID(stem: id.prefix(15), of: .account) {
            accounts.append(account)
        } else if let contact = RecordID(stem: id.prefix(15), of: .contact) {
            contacts.append(contact)
        }
    }
}
