import Foundation

/// Trouble of the whole org: every call of some kinds is answered with the same code.
///
/// Nothing is done for a call that it reaches, and it takes nothing from the daily allowance: so
/// `/limits` looks healthy while conversions are refused with REQUEST_LIMIT_EXCEEDED.
public struct Incident: Sendable {
    public enum Form: Sendable {
        /// As a whole: a SOAP fault with Salesforce's detail, or REST's array of errors.
        case call
        /// As a whole, by a SOAP fault without Salesforce's detail; its code is a `faultcode` like
        /// `Server.userException` or `Receiver`. REST says it as in `call`.
        case bareFault
        /// One by one: the call is answered with 200, and every lead of it fails.
        case eachLead
    }

    /// Salesforce's code, or one that nobody knows.
    public let code: String
    /// The sentence beside the code.
    public let message: String
    let form: Form
    let kinds: Set<CallKind>
    private let seconds: Double?
    private var calls: Int
    private var end: Date?

    /// - Parameters:
    ///   - kinds: the calls that it reaches; conversions, unless more are named.
    ///   - calls: how many of them it reaches before it ends by itself.
    ///   - seconds: how long it lasts before it ends by itself.
    public init(
        _ code: String, message: String? = nil, _ form: Form = .call,
        of kinds: Set<CallKind> = [.convert], calls: Int = .max, seconds: Double? = nil
    ) {
        self.code = code
        self.message = message ?? Self.message(for: code)
        self.form = form
        self.kinds = kinds
        self.calls = calls
        self.seconds = seconds
    }

    /// The same incident from a moment on.
    func starting(at now: Date) -> Incident {
        var started = self
        started.end = seconds.map(now.addingTimeInterval)
        return started
    }

    /// What is left of it after one more call; nil when it is over already.
    func next(at now: Date) -> Incident? {
        guard calls > 0, end.map({ now < $0 }) ?? true else { return nil }
        var next = self
        next.calls -= 1
        return next
    }

    var refusal: Refusal {
        switch form {
        case .bareFault: Refusal.bareFault(code, message)
        case .call, .eachLead: Refusal(code: code, message: message, status: Self.status(of: code))
        }
    }

    /// The status that REST gives a code.
    private static func status(of code: String) -> Int {
        switch code {
        case "REQUEST_LIMIT_EXCEEDED", "API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG",
            "FUNCTIONALITY_NOT_ENABLED", "STORAGE_LIMIT_EXCEEDED":
            403
        case "SERVER_UNAVAILABLE": 503
        default: 500
        }
    }

    /// The sentence that Salesforce says with a code, where one is known.
    static func message(for code: String) -> String {
        switch code {
        case "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded."
        case "SERVER_UNAVAILABLE": "server too busy"
        case "API_CURRENTLY_DISABLED": "API is disabled for this user"
        case "STORAGE_LIMIT_EXCEEDED": "storage limit exceeded"
        case "UNKNOWN_EXCEPTION":
            "An unexpected error occurred. Please include this ErrorId if you contact support: "
                + "930263533-401529 (1302355068)"
        default: "\(code.lowercased().replacing("_", with: " "))"
        }
    }
}
