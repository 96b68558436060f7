/// Why a whole call is refused.
struct Refusal: Error {
    /// Salesforce's code; nil before SOAP has even found an operation to dispatch to.
    var code: String?
    var message: String
    /// The status of a REST answer; a SOAP fault is always 500.
    var status = 400
    /// Whether the org's own code is what failed.
    var isThrownByApex = false
    /// What a SOAP fault without a code of Salesforce's says instead.
    var faultCode = "Client"

    /// Wrong before the call reached any operation.
    static func beforeDispatch(_ message: String) -> Refusal {
        Refusal(code: nil, message: message, status: 500)
    }

    /// A fault of whatever stands in front of Salesforce, or of its own SOAP engine.
    static func bareFault(_ faultCode: String, _ message: String) -> Refusal {
        Refusal(code: nil, message: message, status: 500, faultCode: faultCode)
    }

    static let invalidSession = Refusal(
        code: "INVALID_SESSION_ID",
        message: "Invalid Session ID found in SessionHeader: Illegal Session", status: 401)

    static let dailyLimit = Refusal(
        code: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded.", status: 403)

    static func concurrentLimit(_ dialect: Dialect) -> Refusal {
        Refusal(
            code: "REQUEST_LIMIT_EXCEEDED",
            message: dialect == .soap
                ? "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
                : "ConcurrentPerOrgLongTxn Limit exceeded.",
            status: 403)
    }

    static let governor = Refusal(
        code: "UNKNOWN_EXCEPTION",
        message: "LeadTrigger: System.LimitException: Apex CPU time limit exceeded", status: 500,
        isThrownByApex: true)

    static func retiredVersion(_ dialect: Dialect) -> Refusal {
        Refusal(
            code: "UNSUPPORTED_API_VERSION",
            message: dialect == .soap
                ? "Invalid Api version specified on URL" : "API version is retired",
            status: 410)
    }

    static func notFound(_ message: String = "The requested resource does not exist") -> Refusal {
        Refusal(code: "NOT_FOUND", message: message, status: 404)
    }

    static func unknownType(_ name: String) -> Refusal {
        Refusal(code: "INVALID_TYPE", message: "sObject type '\(name)' is not supported.")
    }
}

/// How an API talks: SOAP or REST. They refuse the same things in different words.
enum Dialect: Sendable {
    case soap
    case rest

    /// A refusal as this API says it.
    func reply(_ refusal: Refusal) -> Reply {
        switch self {
        case .soap:
            return .xml(SoapWriter.fault(refusal), status: 500)
        case .rest:
            let message =
                refusal.code == Refusal.invalidSession.code
                ? "Session expired or invalid" : refusal.message
            return .json(
                .array([
                    .object([
                        "message": .string(message),
                        "errorCode": .string(refusal.code ?? "BAD_REQUEST"),
                    ])
                ]), status: refusal.status)
        }
    }
}
