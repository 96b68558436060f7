import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle

/// A strict stand-in for a Salesforce org, on 127.0.0.1 over real HTTP.
///
/// It shares nothing with the client it is for, so that a misreading of the wire cannot agree with
/// itself. What it really did is in `audit()`, whatever it told the caller.
public final class Simulator: Sendable {
    let server: OrgServer
    private let service: ServiceGroup
    private let run: Task<Void, any Error>

    /// Where it listens: `http://127.0.0.1:PORT`.
    public var url: String { server.url }

    private init(_ server: OrgServer, _ service: ServiceGroup, _ run: Task<Void, any Error>) {
        self.server = server
        self.service = service
        self.run = run
    }

    /// Starts an org, and returns when it listens.
    /// - Throws: `SimulatorError` when it cannot.
    public static func start(_ configuration: SimulatorConfiguration) async throws -> Simulator {
        let server = try OrgServer(configuration)
        let (ports, listening) = AsyncThrowingStream<Int, any Error>.makeStream()
        let logger = Logger(label: "salesforce-simulator") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: server,
            configuration: .init(
                address: .hostname("127.0.0.1", port: configuration.port), serverName: "sfdcedge"),
            onServerRunning: { channel in
                listening.yield(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger)
        let service = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: logger))
        let run = Task {
            do {
                try await service.run()
                listening.finish()
            } catch {
                listening.finish(throwing: error)
                throw error
            }
        }
        let port = try await firstPort(ports, configuration.port)
        server.url = "http://127.0.0.1:\(port)"
        return Simulator(server, service, run)
    }

    /// Closes the listener and every connection. Calls that are still running do not commit.
    ///
    /// The listener closes first. To cancel the server at once would drop a connection that was
    /// accepted just now and not yet served, on which NIO traps.
    public func stop() async {
        await service.triggerGracefulShutdown()
        await withTaskGroup(of: Void.self) { [run, server] group in
            group.addTask { _ = await run.result }
            // Cut short when the other is first, which is no failure.
            group.addTask { try? await Task.sleep(for: Self.stopTimeout) }
            await group.next()
            run.cancel()
            server.state.withLockedValue { $0.callHold.release() }
            group.cancelAll()
        }
        _ = await run.result
        server.state.withLockedValue { $0.waiters.wakeAll() }
    }

    /// How long calls that are still running may take to end by themselves.
    private static let stopTimeout = Duration.seconds(1)

    private static func firstPort(
        _ ports: AsyncThrowingStream<Int, any Error>, _ wanted: Int
    ) async throws -> Int {
        do {
            for try await port in ports { return port }
            throw SimulatorError.cannotListen(port: wanted, reason: "the server ended at once")
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError.cannotListen(port: wanted, reason: "\(error)")
        }
    }
}

extension Simulator {
    /// Waits until the audit shows something, and gives the audit as it is then.
    ///
    /// It looks after every arrival and every commit, so that a test can stop a client in the
    /// middle of a call without sleeping. It also returns when the simulator stops or the task is
    /// cancelled; the condition may not hold then.
    @discardableResult
    public func wait(until isMet: @escaping @Sendable (Audit) -> Bool) async -> Audit {
        let ticket = server.state.withLockedValue { $0.waiters.ticket() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                server.state.withLockedValue { state in
                    state.waiters.wait(ticket, for: isMet, state.audit, continuation)
                }
            }
        } onCancel: {
            server.state.withLockedValue { $0.waiters.giveUp(ticket) }
        }
        return await audit()
    }
}
