import Conversion
import Storage

extension JSON {
    /// A lead's result in the shape of an action's.
    init(result row: Row) {
        let state = JobState(rawValue: row["state"].text)
        var result: [(String, JSON)] = [
            ("isSuccess", state?.isSettled == true ? .bool(state == .converted) : .null),
            ("actionName", .text("convertLead")),
        ]
        switch state {
        case .converted:
            if row["already_converted"] == .integer(1) {
                result.append(("alreadyConverted", .bool(true)))
            }
        case .failed:
            result.append(("errors", Self.errors(row["error_code"], row["error_message"])))
        case .cancelled:
            let sentence = TableRow.Value.text("It was cancelled before it was sent.")
            result.append(("errors", Self.errors(.text("CANCELLED"), sentence)))
        default:
            result.append(("state", JSON(row["state"])))
        }
        result.append(("outputValues", Self.outputValues(row)))
        self = .object(result)
    }

    private static func errors(_ code: TableRow.Value, _ message: TableRow.Value) -> JSON {
        .list([.object([("statusCode", JSON(code)), ("message", JSON(message))])])
    }

    private static func outputValues(_ row: Row) -> JSON {
        let columns = [
            ("leadId", "lead_id"), ("accountId", "result_account_id"),
            ("contactId", "result_contact_id"), ("opportunityId", "result_opportunity_id"),
        ]
        return .object(
            columns.map { ($0, row[$1]) }.filter { $1 != .null }.map { ($0, JSON($1)) }
        )
    }
}
