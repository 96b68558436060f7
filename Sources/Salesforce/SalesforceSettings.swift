import BuildInfo
public import Conversion

/// All that the transport must know of an org and of how to log in to it.
public struct SalesforceSettings: Sendable, Equatable {
    /// How to obtain a token. Source: Salesforce Help, "OAuth Authorization Flows".
    public enum Login: Sendable, Equatable {
        /// The app's own id and secret; the org answers as the app's Run As user. Works only on
        /// the org's My Domain host.
        case clientCredentials(clientID: String, secret: Secret)
        /// An assertion signed with the key whose certificate the app holds; PEM, PKCS#1 or PKCS#8.
        case jwtBearer(
            clientID: String, username: String, privateKeyPEM: Secret, audience: Origin? = nil)
        /// A refresh token from an earlier consent.
        case refreshToken(clientID: String, clientSecret: Secret?, refreshToken: Secret)
        /// A token at hand, which is never renewed.
        case accessToken(Secret, instance: Origin)
    }

    /// What at Salesforce converts the leads. Leads and limits are read over REST either way.
    public enum Service: Sendable, Equatable {
        /// The SOAP API's `convertLead`, which every org has.
        case soap
        /// An invocable action, by the name of its Apex class, which somebody has deployed.
        case action(name: String)

        /// Whether tokens in the shape of JWTs are of use: REST accepts them, SOAP never does.
        public var takesJSONWebTokens: Bool { self != .soap }
    }

    /// Where tokens are asked for.
    public var loginHost: Origin
    /// SOAP and REST use the same.
    public var apiVersion: APIVersion
    /// How to obtain a token.
    public var login: Login
    /// What converts the leads.
    public var service = Service.soap
    /// The account's field that is compared with the key of a group of leads.
    public var matchAccountField = "Name"
    /// How long a conversion may take, from the first byte sent to the last one read.
    ///
    /// Salesforce itself gives up after 10 minutes, so the default of 630 s outlasts any answer.
    public var callTimeout: Duration = .seconds(630)
    /// How long it may take to get a connection, TLS included. A conversion is sent within it, or
    /// not at all.
    public var connectTimeout: Duration = .seconds(12)
    /// A PEM file of roots trusted in addition to the system's.
    public var caFile: String?
    /// How many connections to one host may be open at once; calls beyond it wait for one.
    public var connections = 32
    /// What we call ourselves: `CallOptions` in SOAP, `User-Agent` in HTTP.
    public var clientName = "leadconvertd/\(String(cString: build_version()))"

    /// Settings with the usual times.
    public init(
        loginHost: Origin = .production, apiVersion: APIVersion = .standard, login: Login
    ) {
        self.loginHost = loginHost
        self.apiVersion = apiVersion
        self.login = login
    }

    /// The longest that a call may take which only reads, in which nothing is lost by asking again.
    var readTimeout: Duration { min(callTimeout, .seconds(120)) }
}

/// A version of Salesforce's API that we speak, such as `67.0`.
public struct APIVersion: Hashable, Sendable, CustomStringConvertible {
    /// The version as it stands in an address.
    public let description: String

    /// What a wrong text should have been.
    public static let rule = "must be a version such as 67.0, \(oldest).0 or above"

    /// The one that we were tested with.
    public static let standard = APIVersion(67)

    /// The first whose `LeadConvert` has all that a lead may give.
    /// Source: SOAP API Developer Guide, `convertLead()`, on `relatedPersonAccountId`.
    private static let oldest = 51

    /// Reads a version; nil when it breaks the rule.
    public init?(_ text: String) {
        guard let (_, digits) = text.wholeMatch(of: /([0-9]{2,3})\.0/)?.output,
            let number = Int(digits), number >= Self.oldest
        else { return nil }
        self.init(number)
    }

    private init(_ number: Int) {
        description = "\(number).0"
    }
}
