import AsyncHTTPClient
import Conversion
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Storage
import TestSupport

@testable import StatusPage

/// A running page over a queue in a real file, and a client.
struct Page {
    let queue: JobQueue
    let server: PageServer
    let client: HTTPClient

    struct Answer {
        var status: UInt
        var headers: HTTPHeaders
        var body: String

        func header(_ name: String) -> String? { headers.first(name: name) }

        /// What a form of the page carries.
        var formToken: String {
            body.between("name=\"csrf\" value=\"", "\"") ?? ""
        }
    }

    var url: String { "http://\(server.address)" }

    func get(_ path: String, _ headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, headers)
    }

    /// Sends a form, as a page of ours does.
    func post(
        _ path: String, _ fields: [(String, String)], _ headers: [String: String] = [:]
    ) async throws -> Answer {
        let body = fields.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&")
        var headers = headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/x-www-form-urlencoded"
        return try await send("POST", path, headers, body: body)
    }

    /// Asks through a socket in the file system.
    func get(_ path: String, socket: String) async throws -> UInt {
        let request = HTTPClientRequest(url: "http+unix://\(socket.percentEncoded)\(path)")
        return try await client.execute(request, timeout: .seconds(400)).status.code
    }

    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = .RAW(value: method)
        for header in headers { request.headers.add(name: header.key, value: header.value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(400))
        let buffer = try await response.body.collect(upTo: 10_000_000)
        return Answer(
            status: response.status.code, headers: response.headers, body: String(buffer: buffer))
    }
}

/// Runs `body` with a page; afterwards nothing listens any more.
func withPage<Result>(
    _ address: String = "127.0.0.1:0", token: String? = nil,
    // A busy machine may stand still between two requests of a test.
    limits: ConnectionLimits = .init(idle: .minutes(30), age: .minutes(30), grace: .minutes(30)),
    fill: (JobQueue) throws -> Void = { _ in }, _ body: (Page) async throws -> Result
) async throws -> Result {
    try await withQueue { queue in
        try fill(queue)
        let options = ListenOptions(
            address: .init(address) ?? .unix("/nowhere"), token: token.map { .init($0) })
        let server = try await PageServer.start(
            options, queue: queue.path, version: "test",
            health: .init(isWritable: { true }, hasSession: { true }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { .now },
            limits: limits)
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(
                try await body(Page(queue: queue, server: server, client: client)))
        } catch {
            result = .failure(error)
        }
        await server.stop()
        try await client.shutdown()
        return try result.get()
    }
}

extension JobQueue {
    /// Three failed jobs with two codes in batch friday, one of them with a wicked message, a
    /// converted one, and two that wait.
    func addFailures() throws {
        var options = EnqueueOptions()
        options.batch = "friday <b>"
        try add(1...3, options)
        try add(4...6)
        try run(
            sql: """
                UPDATE jobs SET state = 'failed', finished_at = updated_at, attempts = 2,
                    error_code = CASE id WHEN 1 THEN 'LOCKED' ELSE 'INVALID_STATUS' END,
                    error_message = '<script>alert("' || id || '")</script> & ''more'''
                WHERE id <= 3;
                UPDATE jobs SET state = 'converted', finished_at = updated_at,
                    result_account_id = '001Ws000002XyZaIAK' WHERE id = 4;
                INSERT INTO calls (kind, size, started_at, finished_at, duration_ms, waited_ms,
                    waited_for, boot_id, uptime_ms)
                VALUES ('convert', 3, '2026-11-22T12:00:01.000Z', '2026-11-22T12:00:03.000Z', 2000,
                    500, 'token', 'test', 1);
                INSERT INTO run_log (job_id, lead_id, attempt, call_id, kind, started_at,
                    finished_at, duration_ms, outcome, code, message, backoff_ms, next_run_at)
                SELECT id, lead_id, 1, 1, 'convert', '2026-11-22T12:00:01.000Z',
                    '2026-11-22T12:00:03.000Z', 2000, 'retry', 'LOCKED', 'row <locked>', 10000,
                    '2026-11-22T12:00:13.000Z' FROM jobs WHERE id <= 3;
                INSERT INTO run_log (job_id, lead_id, attempt, call_id, kind, started_at,
                    finished_at, duration_ms, outcome, code, message)
                SELECT id, lead_id, 2, 1, 'convert', '2026-11-22T12:00:13.000Z',
                    '2026-11-22T12:00:14.000Z', 1000, 'failed', error_code, error_message
                FROM jobs WHERE id <= 3;
                """)
    }
}

extension String {
    /// What stands between two marks; nil where they are not there.
    func between(_ start: String, _ end: String) -> String? {
        guard let from = range(of: start),
            let to = range(of: end, range: from.upperBound..<endIndex)
        else { return nil }
        return String(self[from.upperBound..<to.lowerBound])
    }
}
