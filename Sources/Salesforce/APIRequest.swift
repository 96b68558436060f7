import Conversion
import Foundation
import NIOCore
import NIOHTTP1

/// One request to a server.
struct APIRequest: Sendable {
    var method = HTTPMethod.POST
    var url: String
    var headers: HTTPHeaders
    var body: ByteBuffer?
    /// How long the whole answer may take.
    var timeout: Duration
    /// When its body must have left, if that matters.
    var latest: ContinuousClock.Instant?
}

/// A whole response, whatever it says.
struct APIResponse: Sendable {
    var status: Int
    var headers = HTTPHeaders()
    var body = ByteBuffer()
}

/// What came of a request.
enum APIResult: Sendable {
    /// The server answered, to the last byte.
    case answered(APIResponse)
    /// Not one byte of the request's body left us: it cannot have had an effect.
    case neverSent(Reason)
    /// The request may have arrived and taken effect.
    case lost(Reason, status: Int?)
}

extension APIResponse {
    /// What an answer means that Salesforce's API did not write: all there is to go by is the
    /// status that some edge, proxy or login page chose.
    ///
    /// 429, 503 and 420 come from an edge that refused the request. 502, 504 and the other 5xx
    /// may come from one that lost the answer after the work was done, and prove nothing; nor does
    /// a status that no server gives for a request that it did not accept (499 of a proxy).
    /// Whatever a page says, it could be another's a minute later: nothing here is permanent.
    /// Sources: RFC 9110, "Status Codes"; REST API Developer Guide, "Status Codes and Error
    /// Responses".
    var outcomeByStatus: Failure {
        let code = "HTTP_\(status)"
        switch status {
        case 300..<400:
            return .refused(
                .configuration,
                Reason(
                    ours: code,
                    """
                    The server redirects to another address, and a conversion must not follow it. \
                    Set SALESFORCE_LOGIN_URL (or SALESFORCE_INSTANCE_URL) to the org's My Domain.
                    """, mayPass: true))
        case 401:
            return .refused(
                .session, Reason(ours: code, "The server wants a new login.", mayPass: true))
        case 408:
            return .unclear(Reason(ours: "TIMEOUT", "The server gave up waiting for the request."))
        case 413, 414, 431:
            return .refused(
                .callTooLarge, Reason(ours: code, "The request is too large for the server."))
        case 420, 429, 503:
            return .refused(
                .outage,
                Reason(ours: code, "The server refuses requests for now.", mayPass: true))
        case 400, 403...407, 410, 411, 415...417, 421, 426, 428, 451:
            return .refused(
                .configuration,
                Reason(
                    ours: code,
                    """
                    The server knows no such service or refuses us there. Check the login URL and \
                    SALESFORCE_API_VERSION, and what stands between us and Salesforce.
                    """, mayPass: true))
        case 502, 504:
            return .unclear(
                Reason(ours: "BAD_GATEWAY", "A gateway lost the answer (HTTP \(status))."))
        case 500..<600:
            return .unclear(
                Reason(ours: "SERVER_ERROR", "HTTP \(status) without a fault to read."))
        default:
            return .unclear(.unreadable("The answer (HTTP \(status)) is not Salesforce's"))
        }
    }
}

extension Reply {
    /// The reply of an answer that came to this.
    init(_ response: APIResponse, _ outcome: Outcome) {
        self.init(
            outcome, httpStatus: response.status, usage: OrgUsage(header: response.headers))
    }

    /// Reads what came of a request without a session.
    init(_ result: APIResult, read: (APIResponse) -> Outcome) {
        switch result {
        case .neverSent(let reason):
            self.init(.refused(.outage, reason))
        case .lost(let reason, let status):
            self.init(.unclear(reason), httpStatus: status)
        case .answered(let response):
            self.init(response, read(response))
            serverTime = response.headers["Date"].first.flatMap { Timestamp(httpDate: $0) }
        }
    }
}

/// An error as the REST API writes it, in an array: `[{"message":"...","errorCode":"..."}]`.
struct RESTError: Decodable {
    var errorCode: String
    var message: String

    var reason: Reason { Reason(errorCode, message) }
}

/// An error among the results of a REST call, of one record.
struct ResultError: Decodable {
    private var statusCode: String?
    private var message: String?
    private var fields: [String]?

    var reason: Reason { Reason(statusCode, message, fields: fields ?? []) }
}

extension APIResponse {
    /// What an answer to a reading means that is not the reading itself.
    var outcomeOfReading: Failure {
        guard let error = json([RESTError].self)?.first else { return outcomeByStatus }
        return Failure(refusalOfReading: error.reason)
    }

    /// The body as JSON of that form, or nil.
    func json<Form: Decodable>(_ form: Form.Type) -> Form? {
        do {
            return try JSONDecoder().decode(form, from: Data(body.readableBytesView))
        } catch {
            return nil  // what it says of the body may quote it
        }
    }
}

extension Failure {
    /// What it means for a conversion or another write that Salesforce refused the call as a whole.
    init(refusalOfWrite reason: Reason) {
        self =
            switch StatusCodes.codeClass(ofCall: reason) {
            case .refused(let blocker):
                .refused(blocker, StatusCodes.explained(reason, blocker))
            case .failed: .refused(.callTooLarge, StatusCodes.marked(reason))
            case .tookTooLong: .unclear(reason)
            }
    }

    /// What it means for a reading. It changes nothing, so what is not a plain refusal is simply
    /// asked again.
    init(refusalOfReading reason: Reason) {
        self =
            switch StatusCodes.codeClass(ofCall: reason) {
            case .refused(let blocker):
                .refused(blocker, StatusCodes.explained(reason, blocker))
            case .failed: .unclear(reason)
            case .tookTooLong: .refused(.callTooLarge, reason)
            }
    }
}

extension StatusCodes {
    fileprivate static func marked(_ reason: Reason) -> Reason {
        var reason = reason
        reason.isListed = ofCalls[reason.code] != nil
        return reason
    }
}

/// The reasons that are ours to give, where Salesforce gave none.
extension Reason {
    static let noSession = Reason(
        ours: "NO_SESSION", "There is no access token yet; log in first.")

    static let credentialsReplaced = Reason(
        ours: "CREDENTIALS_REPLACED",
        "The credentials were replaced during the login; log in again.")

    static let jwtAccessToken = Reason(
        "JWT_ACCESS_TOKEN",
        "The access token is a JSON Web Token, which Salesforce's SOAP API never accepts.",
        remedy: """
            Switch off "Issue JSON Web Token (JWT)-based access tokens" in the app's OAuth \
            settings and get a new token.
            """)

    static func shortAnswer(
        _ count: Int, of expected: Int, _ records: String = "leads"
    ) -> Reason {
        Reason(ours: "SHORT_ANSWER", "The answer has \(count) results for \(expected) \(records).")
    }

    static let wrongLead = Reason(
        ours: "WRONG_LEAD", "A result names another lead than the one asked about at its place.")

    static func unreadable(_ what: String) -> Reason {
        Reason(ours: "UNREADABLE_ANSWER", "\(what).")
    }
}
