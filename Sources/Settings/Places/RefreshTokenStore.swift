public import Conversion
import Cryptography
import Foundation

/// Where a refresh token is kept that Salesforce has put in the place of the given one, which is
/// dead then.
///
/// That is the file that the given one came from, if we may write there; else, as for systemd's
/// credentials and for the environment, a file of our own in the state directory. Ours holds the
/// fingerprint of the token that it succeeds: when the operator gives another, that one counts.
public struct RefreshTokenStore: Equatable, Sendable {
    /// The name of our own file in `$STATE_DIRECTORY`.
    public static let name = "salesforce_refresh_token"

    /// The operator's own file; nil for the environment and for credentials.
    let file: String?
    /// Our own file; nil without a state directory.
    let ownFile: String?
    /// Of the token that the operator's file, credential or variable holds.
    private(set) var fingerprint: String

    init(given token: String, file: String?, ownFile: String?) {
        self.file = file
        self.ownFile = ownFile
        fingerprint = Self.fingerprint(of: token)
    }

    /// Whether there is a place at all.
    public var hasPlace: Bool { file != nil || ownFile != nil }

    /// Whether the other belongs to the same given token.
    public func succeedsSame(as other: RefreshTokenStore) -> Bool {
        fingerprint == other.fingerprint
    }

    /// Keeps a new token; when it returns, not even a power cut can lose it.
    /// - Returns: The file that holds it.
    /// - Throws: 73, with what to do.
    public mutating func keep(_ token: String) throws(OperatorError) -> String {
        var failures: [String] = []
        if let file {
            do {
                try SecretFile(file).replace(by: "\(token)\n", followingLinks: true)
                fingerprint = Self.fingerprint(of: token)
                return file
            } catch {
                failures.append("\(error)")
            }
        }
        if let ownFile {
            do {
                // Users that may enqueue can put a link into the state directory: it is not followed.
                // A command of root's keeps it for the service, which must be able to read it.
                try SecretFile(ownFile).replace(by: "\(token)\n\(fingerprint)\n")
                return ownFile
            } catch {
                failures.append("\(error)")
            }
        }
        throw .noPlace(failures)
    }

    /// The token in our own file that succeeds the given one, as it is by now: an intake that logged
    /// in beside the daemon has written it too. Nil where there is none.
    /// - Throws: 78 for a file that is not as we wrote it.
    public func latest() throws(OperatorError) -> String? {
        do {
            return try successor()
        } catch {
            throw OperatorError(.configuration, "\(ownFile ?? ""): \(error.rule).")
        }
    }

    /// The token to use: ours if it succeeds the given one, else the given one itself.
    func successor() throws(UnusableFile) -> String? {
        guard let ownFile, FileManager.default.fileExists(atPath: ownFile) else { return nil }
        let lines = try SecretFile(ownFile).text().split(separator: "\n").map(String.init)
        guard lines.count == 2 else {
            throw UnusableFile(rule: "is not as we wrote it: remove it and consent again")
        }
        return lines[1] == fingerprint ? lines[0] : nil
    }

    /// It tells tokens apart and leads back to none: they are random and long.
    private static func fingerprint(of token: String) -> String {
        "sha256:" + SHA256.digest(of: token).hexadecimal
    }
}

extension OperatorError {
    fileprivate static func noPlace(_ failures: [String]) -> OperatorError {
        OperatorError(
            .cannotCreate,
            (["The new refresh token can't be kept."] + failures).joined(separator: " "),
            remedy: "Name a file that the daemon may replace in SALESFORCE_REFRESH_TOKEN_FILE, or "
                + "give it a folder in STATE_DIRECTORY, and reload; after a restart without either "
                + "you must consent again.")
    }
}
