import Conversion

/// What the login host's refusals mean, and what to do about each.
///
/// OAuth has few codes, and Salesforce puts most of what goes wrong under `invalid_grant`, so here
/// alone a text is decided by; what matches none is for an operator to read.
/// Sources: Salesforce Help, "OAuth 2.0 Error Codes"; the logs of several public projects.
struct LoginError {
    /// OAuth's `error`, or nil for any.
    private var code: String?
    /// A part of the description, in lower case.
    private var fragment: String
    private var blocker: Blocker
    private var remedy: String
    /// Whether it could pass by itself.
    private var mayPass = false

    /// The first that fits counts.
    private static let known = [
        LoginError(
            fragment: "not supported on this domain", blocker: .configuration,
            remedy: "Set SALESFORCE_LOGIN_URL to the org's My Domain host."),
        LoginError(
            fragment: "audience", blocker: .configuration,
            remedy: "Set SALESFORCE_LOGIN_URL to the login host of this kind of org: for a sandbox "
                + "its My Domain or https://test.salesforce.com. \(audience)"),
        LoginError(
            code: "app_not_found", fragment: "", blocker: .configuration,
            remedy: "The app is not in the org that SALESFORCE_LOGIN_URL leads to: set it to the "
                + "org's My Domain, and check SALESFORCE_CLIENT_ID. \(audience)"),
        LoginError(
            fragment: "approved this consumer", blocker: .permission,
            remedy: "Pre-authorize the user in the app's policies, by profile or permission set. "
                + audience),
        // Two programs logged in with one refresh token.
        // Source: Winter '25 release notes, "Refresh Token Error".
        LoginError(
            fragment: "already being processed", blocker: .outage, remedy: "It passes."),
        LoginError(
            fragment: "invalid assertion", blocker: .permission,
            remedy: "The key does not match the certificate that the app has now."),
        LoginError(
            fragment: "expired authorization code", blocker: .permission,
            remedy: "Set this machine's clock; if it is right, the key does not match the app's "
                + "certificate.",
            // The clock may be wrong only until it is set after a start.
            mayPass: true),
        LoginError(
            fragment: "expired access/refresh token", blocker: .permission,
            remedy: "Consent again and set SALESFORCE_REFRESH_TOKEN to the new token."),
        LoginError(
            fragment: "no client credentials user", blocker: .permission,
            remedy: "Name a Run As user in the app's client credentials flow."),
        LoginError(
            fragment: "login rate", blocker: .outage,
            remedy: "More than 3,600 logins of this user in an hour; it passes."),
        LoginError(
            fragment: "retry your request", blocker: .outage, remedy: "It passes."),
        LoginError(
            fragment: "inactive user", blocker: .permission, remedy: "Activate the user."),
        LoginError(
            fragment: "inactive organization", blocker: .permission,
            remedy: "Ask Salesforce about the org."),
        LoginError(
            fragment: "ip restricted", blocker: .permission,
            remedy: "Add this machine's address to the ranges allowed for the profile or the app. "
                + "Outside the profile's login hours the answer is the same, and it passes.",
            mayPass: true),
        LoginError(
            fragment: "authentication failure", blocker: .permission,
            remedy: "Check the user, and the app's id, secret or key."),
        LoginError(
            code: "invalid_client_id", fragment: "", blocker: .permission,
            remedy: "Check SALESFORCE_CLIENT_ID; a new app takes up to 10 minutes to be known."),
        LoginError(
            code: "invalid_client", fragment: "", blocker: .permission,
            remedy: "Check SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET."),
        LoginError(
            code: "invalid_app_access", fragment: "", blocker: .permission,
            remedy: "Approve the user for the app, by profile or permission set."),
        LoginError(
            code: "unsupported_grant_type", fragment: "", blocker: .permission,
            remedy: "Enable this login flow in the app's OAuth settings."),
        LoginError(
            code: "temporarily_unavailable", fragment: "", blocker: .outage, remedy: "It passes."),
        LoginError(code: "server_error", fragment: "", blocker: .outage, remedy: "It passes."),
    ]

    private static let audience =
        "With a private key, some apps want the org's My Domain as audience, too: set "
        + "SALESFORCE_AUDIENCE to it."

    private static let unknownRemedy = "Check the app, its policies and the user."

    /// What stands in the way, and what to do about it.
    static func outcome(of code: String, _ description: String) -> Failure {
        let text = description.lowercased()
        let error = known.first { error in
            (error.code.map { $0 == code } ?? true)
                && (error.fragment.isEmpty || text.contains(error.fragment))
        }
        var reason = Reason(code, description, remedy: error?.remedy ?? unknownRemedy)
        reason.mayPass = error?.mayPass ?? false
        return .refused(error?.blocker ?? .permission, reason)
    }
}
