/// How a simulated org is set up.
public struct SimulatorConfiguration: Sendable {
    /// The port on 127.0.0.1; 0 picks a free one.
    public var port = 0
    /// How many open leads the org starts with.
    public var leads = 1000
    /// Where chance begins: equal seeds give equal leads and equal faults.
    public var seed: UInt64 = 1
    /// How long every API call takes, in milliseconds.
    public var latency: ClosedRange<Int> = 0...0
    /// API calls allowed in any 24 hours.
    public var dailyLimit = 100_000
    /// How many of them are already used.
    public var used = 0
    /// API calls that may run at once; nil is no limit.
    public var concurrent: Int?
    /// How often each fault happens, 0...1.
    public var faults: [Fault: Double] = [:]
    /// Logins allowed in any hour, as Salesforce allows a user.
    public var loginsPerHour = 3600
    /// How long a stalled call keeps silent before it commits.
    public var stallSeconds: Double = 15
    /// The public half, in PEM, of the key that signs JWTs; nil refuses them all.
    public var publicKeyPEM: String?
    /// The login host of this kind of org, which a JWT names as its audience; a sandbox's is
    /// `https://test.salesforce.com`. The org's own address will do too.
    public var loginHost = "https://login.salesforce.com"
    /// Whether access tokens look like JWTs, which SOAP always refuses.
    public var issuesJWTShapedTokens = false
    /// What the client id "demo" proves itself with.
    public var clientSecret = "demo"
    /// A refresh token that is good from the start.
    public var refreshToken = "demo-refresh-token"
    /// Whether a refresh token is replaced each time it is used.
    public var rotatesRefreshTokens = false
    /// The Apex class that converts leads as an invocable action; nil has none deployed.
    public var apexAction: String?

    /// The code that a second conversion of a converted lead is refused with; Salesforce documents
    /// none.
    public var secondConversionCode = "CANNOT_UPDATE_CONVERTED_LEAD"
    /// Whether the org has person accounts, and with them the field `IsPersonAccount`.
    public var hasPersonAccounts = false
    /// An incident that the org starts with.
    public var incident: Incident?

    /// Lead statuses that count as converted.
    public var convertedStatuses = ["Closed - Converted", "Qualified"]
    /// Whether the user that logs in has the permission Convert Leads.
    public var convertsLeads = true
    /// Whether that user can read which permissions it has.
    public var showsPermissions = true
    /// Objects that the user can see and neither create nor edit, by their names.
    public var readOnlyObjects: Set<String> = []
    /// The oldest version of the API that is not retired.
    public var oldestVersion = 31
    /// What `Organization.OrganizationType` says.
    public var edition = "Enterprise Edition"

    /// An org with a thousand leads, no latency and no faults.
    public init() {}
}

/// Why a simulator could not start.
public enum SimulatorError: Error, CustomStringConvertible {
    /// Nobody may listen there: the port is taken or not ours to take.
    case cannotListen(port: Int, reason: String)
    /// The public key is not an RSA key in PEM.
    case unreadablePublicKey

    /// What is wrong, and what can be done.
    public var description: String {
        switch self {
        case .cannotListen(let port, let reason):
            "cannot listen on 127.0.0.1:\(port): \(reason); --port 0 picks a free port"
        case .unreadablePublicKey:
            "the public key is not an RSA key of 2048 bits or more in PEM"
        }
    }
}
