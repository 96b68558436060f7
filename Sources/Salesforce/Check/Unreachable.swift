public import Conversion

/// Why nothing could be asked of a host at all. Each has another remedy.
public enum Unreachable: CaseIterable, Sendable {
    /// Its name has no address.
    case name
    /// Nobody listens there, or no way leads there.
    case connection
    /// Its certificate is not signed by a root that we trust, or is not its own.
    case certificate
    /// What answers there does not speak TLS as it should.
    case tls
    /// It took too long, or broke off.
    case silence

    /// Reads the reason for which a request was never sent; nil when it was another.
    public init?(_ reason: Reason) {
        if let known = Self.allCases.first(where: { $0.reason == reason }) {
            self = known
        } else if reason.code == Self.code {
            self = .silence
        } else {
            return nil
        }
    }

    /// The reason as calls are recorded with it.
    var reason: Reason { Reason(ours: isOfTLS ? "TLS_FAILED" : Self.code, sentence) }

    static let code = "UNREACHABLE"

    /// Somebody answers, but not as whom we asked for: waiting does not help.
    private var isOfTLS: Bool { self == .certificate || self == .tls }

    private var sentence: String {
        switch self {
        case .name: "The name of the host can't be resolved."
        case .connection: "The host refuses connections or can't be reached."
        case .certificate:
            """
            The server does not prove that it is Salesforce. If a proxy of your own opens TLS, put \
            its root certificate into SALESFORCE_CA_FILE; else check the host's name and this \
            machine's clock.
            """
        case .tls:
            "The server does not speak TLS as it should: check the host's name and its port."
        case .silence: "The connection broke before the request was sent."
        }
    }
}
