import Conversion

/// The few codes that mean several things. The texts that tell them apart are matched only where
/// Salesforce writes them in English whatever the user's language.
extension StatusCodes {
    /// What an error means for its lead.
    static func codeClass(ofLead error: Reason) -> LeadCodeClass {
        let codeClass = ofLeads[error.code] ?? .unlisted
        switch codeClass {
        case .blocked(.allowance) where isConcurrency(error):
            return .blocked(.concurrency)
        case .permanent where error.mentions("UNABLE_TO_LOCK_ROW"):
            // A trigger that lost a lock reports its own failure, with the lock's code inside.
            // Trying again is bounded, so a coincidence costs little.
            return .transient
        case .permanent where error.mentions("System.LimitException"):
            // Triggers run once for each lead of a call, and share one set of governor limits: the first
            // leads pass, and those after the one that uses them up do not.
            // Source: IdeaExchange 08730000000Bpt8AAC, "Clean up and document trigger behavior with
            // batch Lead conversions"; forceworkbench issue 813 for the code and the text.
            return .limited
        default:
            return codeClass
        }
    }

    /// What a fault, or a REST error, means for its call.
    static func codeClass(ofCall error: Reason) -> CallCodeClass {
        switch error.code {
        case "REQUEST_LIMIT_EXCEEDED" where isConcurrency(error):
            .refused(.concurrency)
        case "INVALID_SESSION_ID" where isNotExpiry(error):
            .refused(.permission)
        case "UNKNOWN_EXCEPTION" where error.mentions("Destination URL not reset"):
            // The org moved: the next login names where it is.
            .refused(.session)
        default:
            ofCalls[error.code] ?? .failed
        }
    }

    /// The same reason, with what can be done about it and whether it could pass by itself.
    static func explained(_ reason: Reason, _ blocker: Blocker) -> Reason {
        guard blocker == .permission || blocker == .configuration else { return reason }
        var explained = reason
        explained.remedy =
            remedies[reason.code]
            ?? "Run leadconvert check, which names what is missing."
        // Documented as "temporarily unavailable"; orgs send it for users without the API, too.
        explained.mayPass =
            reason.code == "API_CURRENTLY_DISABLED" || reason.code == "LOGIN_DURING_RESTRICTED_TIME"
        return explained
    }

    /// `ConcurrentPerOrgLongTxn Limit exceeded.` passes in seconds, `TotalRequests Limit exceeded.`
    /// in hours; what names neither is taken for the latter.
    private static func isConcurrency(_ error: Reason) -> Bool {
        error.mentions("Concurrent")
    }

    /// Two refusals have the code of an expired session and stay however often one logs in.
    /// Source: jsforce, src/http-api.ts.
    private static func isNotExpiry(_ error: Reason) -> Bool {
        error.mentions("Connected app is not attached to Agent")
            || error.mentions("This session is not valid for use with")
    }
}

extension Reason {
    /// Whether the message has these words in it. `String.contains` makes a table of the words each
    /// time, which takes longer than to read the whole result of a lead.
    fileprivate func mentions(_ words: StaticString) -> Bool {
        let text = Array(message.utf8)
        let length = words.utf8CodeUnitCount
        return text.indices.dropLast(length - 1)
            .contains { text.hold(words, at: $0..<$0 + length) }
    }
}
