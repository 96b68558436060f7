import Foundation

/// What an org's units need beside the package's own: drop-ins, which tell them of the credentials
/// of its login, and its links to the intake's template.
extension ServicePlaces {
    /// How the drop-ins begin that setup writes.
    public static let header =
        "# Written by leadconvert setup: the secrets of the login that was chosen.\n[Service]\n"

    private var units: String { "\(root)/etc/systemd/system" }

    /// The daemon's drop-in.
    public var credentials: String { "\(units)/\(unit).d/credentials.conf" }

    /// The template of the units that enqueue what a query gives, `leadconvert-intake@.service`, or
    /// `leadconvert-intake-ORG@.service`.
    public var intakeUnit: String { "\(intake)@.service" }
    /// The drop-in of the intake's units.
    public var intakeCredentials: String { "\(units)/\(intakeUnit).d/credentials.conf" }
    /// The folder of the intake's queries.
    public var queries: String { "\(secrets)/intake" }

    /// A dash in a unit's name parts it, so one of the org's own is escaped as systemd does it.
    private var intake: String {
        "leadconvert-intake"
            + (org.map { "-" + $0.replacing("-", with: #"\x2d"#) } ?? "")
    }

    /// The text of the daemon's drop-in; nil for a client secret alone, which the unit names itself.
    public func credentialsText(of secrets: Set<SecretName>) -> String? {
        guard secrets != [.clientSecret] else { return nil }
        return Self.header + lines(of: secrets)
    }

    /// The text of the intake's drop-in; nil as for the daemon's.
    ///
    /// Some apps replace a refresh token each time it is used. The intake keeps the new one in the
    /// state folder, where the daemon finds it at its next login.
    public func intakeCredentialsText(of secrets: Set<SecretName>) -> String? {
        guard secrets != [.clientSecret] else { return nil }
        // The first line takes away all that the unit names, the query too.
        let text = Self.header + lines(of: secrets) + "LoadCredential=query:\(queries)/%i.soql\n"
        guard secrets.contains(.refreshToken) else { return text }
        return text + "Environment=INTAKE_LOGIN=--use-refresh-token\n"
    }

    private func lines(of secrets: Set<SecretName>) -> String {
        let lines = secrets.map { "LoadCredential=\($0.credential):\(file(of: $0))\n" }
        return "LoadCredential=\n" + lines.sorted().joined()
    }

    /// The links that make units of an org's own of the intake's template for orgs: what leads to
    /// what. None for the only org, whose template is a unit by itself.
    public var intakeLinks: [(path: String, target: String)] {
        guard org != nil, let prefix else { return [] }
        return ["service", "timer"].map { kind in
            (
                "\(units)/\(intake)@.\(kind)",
                "\(prefix)/share/leadconvertd/leadconvert-intake-ORG@.\(kind)"
            )
        }
    }

    /// Whether a link is still to be made. A unit that somebody has written in its place stays.
    public func lacks(_ link: (path: String, target: String)) -> Bool {
        let files = FileManager.default
        do {
            return try files.destinationOfSymbolicLink(atPath: link.path) != link.target
        } catch {
            return !files.fileExists(atPath: link.path)
        }
    }
}
