/// An access token and the server that honours it.
struct Session: Sendable {
    let token: Secret
    let instance: Origin
    /// Tells the tokens apart in the order they were obtained.
    let number: Int
    let since: ContinuousClock.Instant
    /// When the login host said that it ends; mostly it does not say.
    var until: ContinuousClock.Instant?
}

/// The APIs of an org; a token may be accepted by one and not by the other.
enum APIKind: Sendable {
    case soap
    case rest
}
