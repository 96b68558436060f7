import Conversion
import Foundation
import Intake
import Preflight
import Salesforce
import Settings
import Storage

/// A SOQL query whose records are to be enqueued, asked with the daemon's settings and credentials.
struct OrgQuery {
    private let soql: String
    private let connector: OrgConnector

    /// The source's name in messages.
    private static let name = "--from-soql"

    /// - Throws: 77, 78: as for any login.
    init(soql: String, _ context: CommandContext, usesRefreshToken: Bool) throws {
        self.soql = soql
        connector = try OrgConnector(context, usesRefreshToken: usesRefreshToken)
    }

    /// The query that the option names: itself, or what a file holds behind `@`.
    static func text(_ argument: String) throws -> String {
        var text = argument
        if argument.hasPrefix("@") {
            text = try ByteSource(path: String(argument.dropFirst())).text()
                .split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
                .joined(separator: " ")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw OperatorError(
                .usage, "--from-soql: there is no query.",
                remedy: "Write one that begins with SELECT Id.")
        }
        return text
    }

    /// Asks for all pages. The records stay in a temporary file until the last has come, so that the
    /// queue is not locked meanwhile.
    func fetch(recordingIn queue: JobQueue) async throws -> ByteSource {
        try await connector.connected(recordingIn: queue) { try await fetch(through: $0) }
    }

    private func fetch(through client: RecordingClient) async throws -> ByteSource {
        var client = client
        let spool = try SpoolFile(name: Self.name)
        var progress = Progress(of: "lead")
        defer { progress.clear() }
        var rows = 0
        try client.requireAllowance()
        var page = try await page(&client) { await $0.query(soql) }
        while true {
            try spool.append(page.lines)
            rows += page.lines.count { $0 == UInt8(ascii: "\n") }
            progress.show(rows, of: page.total)
            guard let next = page.next else { return try spool.source() }
            if let reason = try client.reasonToStop() {
                throw OperatorError(
                    .tryLater, "Nothing was added: \(reason).",
                    remedy: "Wait, or ask for fewer leads with LIMIT.")
            }
            page = try await self.page(&client) { await $0.nextPage(next) }
        }
    }

    private func page(
        _ client: inout RecordingClient, _ ask: (SalesforceTransport) async -> Reply<QueryAnswer>
    ) async throws -> QueryPage {
        switch try await client.askAgain(as: .intake, ask).get() {
        case .page(let page): return page
        case .refused(let reason):
            throw OperatorError(
                .dataRefused, "Salesforce refuses the query: \(reason.message) (\(reason.code))")
        }
    }
}
