import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SalesforceSimulator

/// A running org and the wire to it, for the length of one test.
struct Wire {
    let simulator: Simulator
    let client: HTTPClient

    /// Sends a request; a connection that breaks is an error.
    func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: simulator.url + path)
        request.method = .RAW(value: method)
        for header in headers { request.headers.add(name: header.key, value: header.value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(400))
        let buffer = try await response.body.collect(upTo: 10_000_000)
        return Answer(
            status: response.status.code,
            headers: Dictionary(
                response.headers.map { ($0.name.lowercased(), $0.value) },
                uniquingKeysWith: { first, _ in first }),
            body: String(buffer: buffer))
    }

    /// Logs in by client credentials and gives the token.
    func login() async throws -> String {
        let answer = try await send(
            "POST", "/services/oauth2/token",
            headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: "grant_type=client_credentials&client_id=demo&client_secret=demo")
        return answer.body.between("\"access_token\":\"", "\"") ?? ""
    }

    /// Posts leads to convertLead.
    func convert(
        _ leads: [String], token: String, header: String = "", version: String = "67.0"
    ) async throws -> Answer {
        try await soap(
            Envelope.text(token: token, header: header, leads: leads), version: version)
    }

    /// Posts a SOAP message.
    func soap(
        _ body: String, version: String = "67.0", contentType: String = "text/xml; charset=UTF-8"
    ) async throws -> Answer {
        try await send(
            "POST", "/services/Soap/u/\(version)",
            headers: ["Content-Type": contentType, "SOAPAction": "\"\""], body: body)
    }

    /// Asks REST for something below `/services/data/v67.0`.
    func get(_ path: String, token: String) async throws -> Answer {
        try await send(
            "GET", "/services/data/v67.0" + path, headers: ["Authorization": "Bearer \(token)"])
    }

    /// Reads leads by their ids.
    func retrieve(_ body: String, token: String) async throws -> Answer {
        try await send(
            "POST", "/services/data/v67.0/composite/sobjects/Lead",
            headers: ["Authorization": "Bearer \(token)", "Content-Type": "application/json"],
            body: body)
    }
}

/// An answer, read whole.
struct Answer {
    var status: UInt
    var headers: [String: String]
    var body: String
}

/// Runs an org, and ends it whatever happens.
func withOrg(
    _ set: (inout SimulatorConfiguration) -> Void = { _ in },
    _ body: (Wire) async throws -> Void
) async throws {
    var configuration = SimulatorConfiguration()
    configuration.leads = 200
    set(&configuration)
    let simulator = try await Simulator.start(configuration)
    var client = HTTPClient.Configuration()
    client.connectionPool.retryConnectionEstablishment = false
    client.redirectConfiguration = .disallow
    let wire = Wire(simulator: simulator, client: HTTPClient(configuration: client))
    let result: Result<Void, any Error>
    do { result = .success(try await body(wire)) } catch { result = .failure(error) }
    try await wire.client.shutdown()
    await simulator.stop()
    try result.get()
}
