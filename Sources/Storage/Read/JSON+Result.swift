public import Conversion

extension JSON {
    /// A lead's result in the shape of an action's.
    /// - Parameters:
    ///   - value: What a column holds of a row that `JobQueue.readResults` gave.
    ///   - fetched: Fields that were read back.
    public init(
        result value: (_ column: String) -> TableRow.Value, fetched: [(String, JSON)] = []
    ) {
        let state: JobState? =
            if case .text(let name) = value("state") { JobState(rawValue: name) } else { nil }
        var result: [(String, JSON)] = [
            ("isSuccess", state?.isSettled == true ? .bool(state == .converted) : .null),
            ("actionName", .text("convertLead")),
        ]
        switch state {
        case .converted:
            if value("already_converted") == .integer(1) {
                result.append(("alreadyConverted", .bool(true)))
            }
            if case .text(let errors) = value("after_errors") {
                result.append(("afterErrors", .encoded(errors)))
            }
        case .failed:
            result.append(("errors", Self.errors(value("error_code"), value("error_message"))))
        case .cancelled:
            let sentence = TableRow.Value.text("It was cancelled before it was sent.")
            result.append(("errors", Self.errors(.text("CANCELLED"), sentence)))
        default:
            result.append(("state", JSON(value("state"))))
        }
        result.append(("outputValues", Self.outputValues(value)))
        if !fetched.isEmpty { result.append(("fields", .object(fetched))) }
        self = .object(result)
    }

    private static func errors(_ code: TableRow.Value, _ message: TableRow.Value) -> JSON {
        .list([.object([("statusCode", JSON(code)), ("message", JSON(message))])])
    }

    private static func outputValues(_ value: (String) -> TableRow.Value) -> JSON {
        let columns = [
            ("leadId", "lead_id"), ("accountId", "result_account_id"),
            ("contactId", "result_contact_id"), ("opportunityId", "result_opportunity_id"),
        ]
        return .object(
            columns.map { ($0, value($1)) }.filter { $1 != .null }.map { ($0, JSON($1)) }
        )
    }
}
