import Foundation

/// Where the systemd service of an org keeps its settings, its secrets and its queue: what the unit
/// files say, for programs that are not started by systemd.
public struct ServicePlaces: Equatable, Sendable {
    /// The org, as in `leadconvertd@ORG.service`; nil for the service of the only one.
    public let org: String?
    private let name: String
    let root: String

    /// What a wrong name should have been: it stands in file names and in a unit's.
    public static let rule = "must be letters, digits, _ and -, at most 64, with a letter first"

    /// The host in the example of the settings, which no org has.
    public static let exampleHost = "https://example.my.salesforce.com"

    /// The places of an org's service; nil when the org's name breaks the rule.
    /// - Parameter root: The folder that stands for `/`.
    public init?(org: String?, root: String = "") {
        if let org, org.utf8.count > 64 || org.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]*/) == nil {
            return nil
        }
        self.org = org
        self.root = root
        name = "leadconvertd" + (org.map { "@\($0)" } ?? "")
    }

    public var unit: String { "\(name).service" }
    /// The file of settings, which the service's user reads at each reload.
    public var settings: String { "\(root)/etc/\(name).env" }
    /// The folder of the secrets, which only root may enter.
    public var secrets: String { "\(root)/etc/\(name)" }
    /// The folder of the queue.
    public var state: String { "\(root)/var/lib/\(name)" }
    public var queue: String { "\(state)/queue.db" }

    /// Whether the package, or `systemd/install`, has been here.
    public var isInstalled: Bool { prefix != nil }

    /// Where the package, or `systemd/install`, has put the units.
    var prefix: String? {
        ["\(root)/usr", "\(root)/usr/local"].first { prefix in
            FileManager.default.fileExists(
                atPath: "\(prefix)/lib/systemd/system/leadconvertd.service")
        }
    }

    /// Whether somebody has set the org up here.
    public var isSetUp: Bool { FileManager.default.fileExists(atPath: settings) }

    /// The file of a secret, under the name that the unit's credential has.
    public func file(of secret: SecretName) -> String { "\(secrets)/\(secret.credential)" }

    /// An environment in which a command finds what the unit gives the service: its state folder, and
    /// its secrets as credentials. What the unit itself has given a command stays.
    ///
    /// As a credential a refresh token is never replaced where it lies: its successor goes to the state
    /// folder, where the service looks for it too.
    public func adding(to environment: [String: String]) -> [String: String] {
        environment.merging(given) { own, _ in own }
    }

    /// The same where the service itself was named: folders that the environment has from elsewhere
    /// are not its own. Where one is its own, its unit has given both.
    public func replacing(in environment: [String: String]) -> [String: String] {
        let isOwn = environment["STATE_DIRECTORY"] == state
        return adding(to: isOwn ? environment : environment.filter { given[$0.key] == nil })
    }

    private var given: [String: String] {
        ["STATE_DIRECTORY": state, "CREDENTIALS_DIRECTORY": secrets]
    }
}

/// The secrets that settings may name.
public enum SecretName: String, CaseIterable, Sendable {
    /// An app's own.
    case clientSecret = "SALESFORCE_CLIENT_SECRET"
    /// The key of the JWT bearer flow, PEM.
    case privateKey = "SALESFORCE_PRIVATE_KEY"
    case refreshToken = "SALESFORCE_REFRESH_TOKEN"
    /// A token at hand.
    case accessToken = "SALESFORCE_ACCESS_TOKEN"

    /// The setting that names a file with it.
    public var fileVariable: String { "\(rawValue)_FILE" }
    /// The name of a systemd credential, and of a file of ours.
    public var credential: String { rawValue.lowercased() }
}
