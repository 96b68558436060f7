import Conversion
import Foundation
import NIOHTTP1

/// Reads the org's daily allowance from `GET /limits`.
///
/// Source: REST API Developer Guide, "Limits". It takes the permission "View Setup and
/// Configuration", which a user that only converts leads need not have; then we go by the counts
/// that come with every other answer.
enum LimitsResponse {
    private struct Limits: Decodable {
        struct Limit: Decodable {
            enum CodingKeys: String, CodingKey {
                case max = "Max"
                case remaining = "Remaining"
            }

            var max: Int
            var remaining: Int
        }

        enum CodingKeys: String, CodingKey {
            case daily = "DailyApiRequests"
        }

        var daily: Limit

        /// Nil when the numbers are out of all proportion.
        var usage: OrgUsage? {
            let (used, overflow) = daily.max.subtractingReportingOverflow(daily.remaining)
            return overflow ? nil : OrgUsage(reported: used, of: daily.max)
        }
    }

    private static let withheld: Set = [
        "FUNCTIONALITY_NOT_ENABLED", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
    ]

    /// The reply, with the allowance as its usage.
    static func reply(from response: APIResponse) -> Reply<Void> {
        if response.status == 200 {
            guard let usage = response.json(Limits.self)?.usage else {
                let reason = Reason.unreadable("The answer has no DailyApiRequests to go by")
                return Reply(response, .unclear(reason))
            }
            return Reply(.value(()), httpStatus: 200, usage: usage)
        }
        var failure = response.outcomeOfReading
        if case .refused(_, let reason) = failure, isWithheld(reason, response.status) {
            let sentence = "The user may not read the org's limits (\(reason.code))."
            failure = .unclear(Reason(ours: "LIMITS_NOT_VISIBLE", sentence))
        }
        return Reply(response, .init(failure))
    }

    private static func isWithheld(_ reason: Reason, _ status: Int) -> Bool {
        withheld.contains(reason.code) || (status == 403 && reason.code == "HTTP_403")
    }
}

extension OrgUsage {
    /// Reads `Sforce-Limit-Info: api-usage=10018/100000; api-bursts=1/750`.
    ///
    /// The header has had several forms, with more keys and with `(appName=...)` behind a value;
    /// only `api-usage` is read.
    /// Source: REST API Developer Guide, "Limit Info Header".
    init?(header headers: HTTPHeaders) {
        for entry in headers["Sforce-Limit-Info"].flatMap({ $0.split(separator: ";") }) {
            let pair = entry.split(separator: "=", maxSplits: 1)
            let name = pair[0].trimmingCharacters(in: .whitespaces)
            guard pair.count == 2, name == "api-usage" else { continue }
            let counts = pair[1].prefix { $0 != "(" }.split(separator: "/").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard counts.count == 2, let current = Int(counts[0]), let limit = Int(counts[1])
            else { continue }
            self.init(reported: current, of: limit)
            return
        }
        return nil
    }
}
