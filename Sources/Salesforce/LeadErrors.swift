import Conversion

/// The errors of one lead, made into one outcome.
struct LeadErrors {
    private let reasons: [Reason]

    /// Takes up the errors of a lead that was refused.
    init(_ reasons: [Reason]) {
        let none = Reason("UNKNOWN_ERROR", "Salesforce refused this lead and gave no reason.")
        self.reasons = reasons.isEmpty ? [none] : reasons
    }

    /// Reads `errors` elements; of a `DuplicateError` only what all errors have.
    init(_ errors: [XMLNode]) {
        self.init(
            errors.map { error in
                Reason(
                    error.text(of: "statusCode"), error.text(of: "message"),
                    fields: error.children("fields").filter { !$0.isNil }.map(\.text))
            })
    }

    /// The weightiest error decides and gives the code; all their messages are kept.
    ///
    /// Converted already outweighs all, since then nothing else matters any more. What stops
    /// every lead comes next; and one permanent fault is not cured by a passing one beside it.
    var outcome: LeadOutcome {
        let ranked = reasons.map { ($0.code, StatusCodes.verdict(ofLead: $0)) }
        let message = reasons.map(\.message).joined(separator: "; ")
        func reason(_ code: String) -> Reason { Reason(code, message) }

        if let (code, _) = ranked.first(where: { $0.1 == .converted }) {
            return .refusedAsConverted(reason(code))
        }
        for case (let code, .obstructed(let obstacle)) in ranked {
            return .obstructed(obstacle, reason(code))
        }
        if let (code, _) = ranked.first(where: { $0.1 == .permanent }) {
            return .permanent(reason(code))
        }
        return .transient(reason(reasons[0].code))
    }
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
