import Conversion

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

    static func shortAnswer(_ count: Int, of expected: Int) -> Reason {
        Reason(ours: "SHORT_ANSWER", "The answer has \(count) results for \(expected) leads.")
    }

    static let wrongLead = Reason(
        ours: "WRONG_LEAD", "A result names another lead than the one asked about at its place.")

    static func unreadable(_ what: String) -> Reason {
        Reason(ours: "UNREADABLE_ANSWER", "\(what).")
    }
}
