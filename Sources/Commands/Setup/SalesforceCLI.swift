import Conversion
import Foundation

/// A login that Salesforce's own command line program has.
struct SalesforceCLI {
    let accessToken: String
    /// The org's host.
    let instanceURL: String

    private struct Response: Decodable {
        struct Result: Decodable {
            var accessToken: String?
            var instanceUrl: String?
        }

        var result: Result?
        var message: String?
    }

    /// Asks `sf org display` for the org of an alias or a username.
    /// - Throws: 69 where `sf` is not installed, 77 when it has no login of that name, or tells no
    ///   token.
    init(alias: String) throws(OperatorError) {
        let answer = try Self.ask(["org", "display", "--json", "--target-org", alias])
        guard let token = answer.result?.accessToken, let url = answer.result?.instanceUrl else {
            throw OperatorError(
                .permission, answer.message.map { "sf says: \($0.onOneLine)" } ?? Self.noLogin,
                remedy: "See the orgs that it knows: sf org list; log in: sf org login web")
        }
        // Later versions hide the token unless told otherwise.
        guard token.contains("!") || token.hasPrefix("ey") else {
            throw OperatorError(
                .permission, "sf org display does not show the token.",
                remedy: "Put it into a file, chmod 600, and name that with --access-token-file.")
        }
        (accessToken, instanceURL) = (token, url)
    }

    private static let noLogin = "sf org display has no token for that org."

    private static func ask(_ arguments: [String]) throws(OperatorError) -> Response {
        let process = Process("/usr/bin/env", ["sf"] + arguments)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let bytes: Data
        do {
            try process.run()
            bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        } catch {
            throw OperatorError(.systemRefused, "sf can't be started: \(error).")
        }
        process.waitUntilExit()
        // What env says of a program that it does not find.
        guard process.terminationStatus != 127 else {
            throw OperatorError(
                .unavailable, "The Salesforce CLI, sf, is not installed, or not in $PATH.",
                remedy: "Install it, or name another login: leadconvert setup --help")
        }
        do {
            return try JSONDecoder().decode(Response.self, from: bytes)
        } catch {
            throw OperatorError(
                .unavailable, "sf org display --json did not answer with JSON.",
                remedy: "See what it says by itself.")
        }
    }
}
