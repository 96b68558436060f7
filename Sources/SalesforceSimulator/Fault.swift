/// What can go wrong on purpose, by the names that `--fault` takes.
///
/// A rate is a part of the calls, or of the leads for `lock`. Faults that say "after commit" have
/// really converted: the audit shows it, the caller does not learn it.
public enum Fault: String, CaseIterable, Sendable {
    /// A lead's row is locked by somebody else; the next try finds it free.
    case lock
    /// The connection closes and nothing was done.
    case dropBeforeCommit = "drop-before-commit"
    /// The connection closes when everything was done.
    case dropAfterCommit = "drop-after-commit"
    /// Everything was done, and a proxy answers 502 with a page.
    case badGatewayAfterCommit = "bad-gateway-after-commit"
    /// Everything was done, and the answer ends in the middle.
    case truncateAfterCommit = "truncate-after-commit"
    /// No answer for a long time, then the commit, then the connection closes.
    case stall
    /// The edge answers 503 with a page, before anything is done.
    case unavailable
    /// The session ends; a token that has served no call of this API yet is spared.
    case expireSession = "expire-session"
    /// Refused because too many calls run at once.
    case concurrentLimit = "concurrent-limit"
    /// The whole call is refused because the org's own code ran into a governor limit.
    case governor
    /// Everything was done, and one result is missing from the answer.
    case shortResult = "short-result"
    /// Everything was done, and the last result names another lead than it should.
    case wrongLead = "wrong-lead"
    /// Everything was done, and the answer is an error: REST's 500 with an array of errors, or a
    /// SOAP fault without Salesforce's own detail.
    case errorAfterCommit = "error-after-commit"
    /// Everything was done, and the successes come without any id.
    case successWithoutIDs = "success-without-ids"
    /// Everything was done, and the Apex class writes "" where its `statusCode` should be null.
    case emptyStatusCode = "empty-status-code"
    /// 200 with an HTML page, and nothing was done.
    case html
    /// An edge answers 403 with a page, and nothing was done.
    case stray403 = "stray-403"
    /// An edge answers 404 with a page, and nothing was done.
    case stray404 = "stray-404"
    /// An edge answers 421 with a page, and nothing was done.
    case stray421 = "stray-421"
    /// An edge answers 302 to another address, and nothing was done.
    case strayRedirect = "stray-redirect"

    /// Every name, for messages.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Whether a rate for this fault reaches calls that set fields, or make notes or tasks.
    var reachesFollowUps: Bool {
        switch self {
        case .dropBeforeCommit, .dropAfterCommit, .badGatewayAfterCommit, .truncateAfterCommit,
            .stall, .concurrentLimit, .governor, .shortResult, .html:
            true
        default: false
        }
    }

    /// Whether a rate for this fault reaches calls other than conversions.
    var reachesEveryCall: Bool {
        switch self {
        case .unavailable, .expireSession, .stray403, .stray404, .stray421, .strayRedirect: true
        default: false
        }
    }
}
