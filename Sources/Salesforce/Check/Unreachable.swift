public import Conversion

/// Why nothing could be asked of a host at all. Each has another cure.
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
        guard reason.code == Self.code || reason.code == Self.tlsCode else { return nil }
        self = Self.allCases.first { $0.sentence == reason.message } ?? .silence
    }

    /// The reason as calls are recorded with it.
    var reason: Reason {
        Reason(self == .certificate || self == .tls ? Self.tlsCode : Self.code, sentence)
    }

    static let code = "UNREACHABLE"
    /// Somebody answers, and not as whom we asked for: no wait cures that by itself.
    private static let tlsCode = "TLS_FAILED"

    private var sentence: String {
        switch self {
        case .name: "The name of the host can't be resolved."
        case .connection: "The host refuses connections or can't be reached."
        case .certificate:
            """
            TLS failed: the host's certificate is not trusted. Check it, the machine's clock and \
            SALESFORCE_CA_FILE.
            """
        case .tls:
            "TLS failed: check the host's certificate, the machine's clock and SALESFORCE_CA_FILE."
        case .silence: "The connection broke before the request was sent."
        }
    }
}
