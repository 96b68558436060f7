/// All that the transport must know of an org and of how to log in to it.
public struct SalesforceSettings: Sendable {
    /// How a token is come by. Source: Salesforce Help, "OAuth Authorization Flows".
    public enum Login: Sendable, Equatable {
        /// The app's own id and secret; the org answers as the app's Run As user. Works only on
        /// the org's My Domain host.
        case clientCredentials(clientID: String, secret: Secret)
        /// An assertion signed with the key whose certificate the app holds; PEM, PKCS#1 or PKCS#8.
        case jwtBearer(clientID: String, username: String, privateKeyPEM: Secret)
        /// A refresh token from an earlier consent.
        case refreshToken(clientID: String, clientSecret: Secret?, refreshToken: Secret)
        /// A token at hand, used until the org refuses it and never renewed.
        case accessToken(Secret, instanceURL: String)
    }

    /// What at Salesforce converts the leads. Leads and limits are read over REST either way.
    public enum Service: Sendable, Equatable {
        /// The SOAP API's `convertLead`, which every org has.
        case soap
        /// An invocable action, by the name of its Apex class, which somebody has deployed.
        case action(name: String)
    }

    /// Where tokens are asked for: `https`, or `http` on a loopback address.
    public var loginURL: String
    /// `41.0` or later; SOAP and REST use the same.
    public var apiVersion: String
    /// How a token is come by.
    public var login: Login
    /// What converts the leads.
    public var service = Service.soap
    /// How long a conversion may take, from the first byte sent to the last one read.
    ///
    /// Salesforce itself gives up after 10 minutes, so the default of 630 s outlasts any answer.
    public var callTimeout: Duration = .seconds(630)
    /// How long it may take to get a connection, TLS included.
    public var connectTimeout: Duration = .seconds(12)
    /// A PEM file of roots trusted in addition to the system's.
    public var caFile: String?
    /// How many connections to one host may be open at once; calls beyond it wait for one.
    public var connections = 32
    /// Keeps a refresh token that Salesforce has put in the place of the one that was used. It must
    /// be safe when this returns: nobody else has it.
    public var keepRefreshToken: (@Sendable (String) -> Void)?
    /// What we call ourselves: `CallOptions` in SOAP, `User-Agent` in HTTP.
    public var clientName = "leadconvertd/1.0"

    /// Settings with the usual times.
    public init(
        loginURL: String = "https://login.salesforce.com", apiVersion: String = "67.0", login: Login
    ) {
        self.loginURL = loginURL
        self.apiVersion = apiVersion
        self.login = login
    }

    /// Whether tokens in the shape of JWTs are of use: REST accepts them, SOAP never does.
    var takesJSONWebTokens: Bool { service != .soap }

    /// The longest that a call may take which only reads, in which nothing is lost by asking again.
    var readTimeout: Duration { min(callTimeout, .seconds(120)) }
}
