import Conversion

extension APIResponse {
    /// What an answer means that Salesforce's API did not write: all there is to go by is the
    /// status that some edge, proxy or login page chose.
    ///
    /// 429, 503 and 420 come from an edge that turned the request away. 502, 504 and the other 5xx
    /// may come from one that lost the answer after the work was done, and prove nothing; nor does
    /// a status that no server gives for a request that it did not accept (499 of a proxy).
    /// Whatever a page says, it could be another's a minute later: nothing here is for ever.
    /// Sources: RFC 9110, "Status Codes"; REST API Developer Guide, "Status Codes and Error
    /// Responses".
    var outcomeByStatus: CallOutcome {
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
            return .refused(.outage, Reason(ours: code, "The server turns requests away for now."))
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
