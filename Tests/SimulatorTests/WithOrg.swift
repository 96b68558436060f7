import AsyncHTTPClient
import SalesforceSimulator

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
