import Glibc
public import SalesforceSimulator

/// Runs `body` with an org of its own, which is gone afterwards, whatever happens.
///
/// It has no leads unless `configure` says otherwise.
public func withSimulator<Result>(
    _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
    _ body: (Simulator) async throws -> Result
) async throws -> Result {
    var configuration = SimulatorConfiguration()
    configuration.leads = 0
    configure(&configuration)
    let simulator = try await Simulator.start(configuration)
    do {
        let result = try await body(simulator)
        await simulator.stop()
        return result
    } catch {
        await simulator.stop()
        throw error
    }
}

extension Simulator {
    /// Waits until the audit shows something, but not for ever.
    /// - Throws: `TookTooLong`.
    @discardableResult
    public func await(
        _ event: String, within limit: Duration = .seconds(400),
        until isMet: @escaping @Sendable (Audit) -> Bool
    ) async throws -> Audit {
        try await TestSupport.within(limit, event) { await self.wait(until: isMet) }
    }

    /// Adds so many leads, and gives their ids.
    public func addLeads(_ count: Int) async -> [String] {
        var ids: [String] = []
        for _ in 0..<count { ids.append(await addLead()) }
        return ids
    }
}

extension Audit {
    /// Requests of a kind that have arrived.
    public func count(_ kind: CallKind) -> Int { calls.count { $0.kind == kind } }

    /// How often each lead was converted, by whomever.
    public var conversionCounts: [String: Int] {
        conversions.reduce(into: [:]) { $0[$1.leadID, default: 0] += 1 }
    }
}

/// A port on loopback that is taken and at which nobody listens, so that every connection is
/// refused, and no other test can come to listen there meanwhile.
public final class SilentPort: Sendable {
    /// Where nobody answers.
    public let url: String
    private let descriptor: Int32

    /// Takes a free port.
    public init() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        precondition(isBound, "Loopback has a free port.")
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit { close(descriptor) }
}
