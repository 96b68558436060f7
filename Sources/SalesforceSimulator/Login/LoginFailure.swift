/// Why a login failed, as the token endpoint says it.
struct LoginFailure: Error {
    var error: String
    var description: String

    var reply: Reply {
        .json(
            .object(["error": .string(error), "error_description": .string(description)]),
            status: 400)
    }

    static let unknownClient = LoginFailure(
        error: "invalid_client_id", description: "client identifier invalid")
    static let wrongSecret = LoginFailure(
        error: "invalid_client", description: "invalid client credentials")
    static let unsupportedGrant = LoginFailure(
        error: "unsupported_grant_type", description: "grant type not supported")
    static let expiredRefreshToken = LoginFailure(
        error: "invalid_grant", description: "expired access/refresh token")

    static func invalidGrant(_ description: String) -> LoginFailure {
        LoginFailure(error: "invalid_grant", description: description)
    }
}
