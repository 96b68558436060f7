/// What a request to the simulated org was for, as the audit names it.
public enum CallKind: String, CaseIterable, Sendable {
    /// SOAP `convertLead`.
    case convert
    /// Leads read by their ids, to learn which of them are converted.
    case verify
    /// The org's limits.
    case limits
    /// A login.
    case token
    /// SOQL.
    case query
    /// One record.
    case record
    /// The list of all objects, and what the user may do with them.
    case describe
    /// SOAP `getUserInfo`.
    case userInfo = "user-info"
    /// The list of API versions.
    case versions
    /// An invocable action.
    case action
    /// A request that nothing here answers.
    case other
}
