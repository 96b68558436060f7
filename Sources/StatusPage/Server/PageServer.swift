package import Conversion
import Dispatch
import Glibc
package import Logging
import NIOCore
import NIOPosix
import Storage

/// The status page and the metrics over HTTP.
///
/// Nothing of it shares a queue, a thread or a connection to the file with the drain: requests are
/// read on a thread of their own and answered on queues of their own, of low priority, so that a
/// flood of them slows the page and nothing else.
public final class PageServer: Sendable {
    /// What the daemon knows and the file does not tell.
    public struct Health: Sendable {
        /// Whether the queue's file can be written.
        public var isWritable: @Sendable () -> Bool
        /// Whether a session with Salesforce is there.
        public var hasSession: @Sendable () -> Bool

        /// From what the daemon knows.
        public init(
            isWritable: @escaping @Sendable () -> Bool, hasSession: @escaping @Sendable () -> Bool
        ) {
            self.isWritable = isWritable
            self.hasSession = hasSession
        }
    }

    /// Where it listens: as it was told, with the port that was found where that was 0.
    public let address: String
    private let watch: PageWatch
    private let listener: any Channel
    /// The listener, its connections, and the answers under way.
    private let open: DispatchGroup
    private let threads: MultiThreadedEventLoopGroup
    private let socket: String?

    private init(
        address: String, _ watch: PageWatch, _ listener: any Channel, _ open: DispatchGroup,
        _ threads: MultiThreadedEventLoopGroup, socket: String?
    ) {
        self.address = address
        self.watch = watch
        self.listener = listener
        self.open = open
        self.threads = threads
        self.socket = socket
    }

    /// Starts to listen, and returns once it does.
    /// - Throws: `OperatorError` 71 when the address can't be had.
    package static func start(
        _ options: ListenOptions, queue path: String, version: String, health: Health,
        logger: Logger, now: @escaping @Sendable () -> Timestamp, limits: ConnectionLimits? = nil
    ) async throws -> PageServer {
        let socket: String? = if case .unix(let path) = options.address { path } else { nil }
        if let socket { try SocketFile.removeStaleSocket(for: socket) }
        let watch = try PageWatch(path, at: now())
        let responder = PageResponder(
            access: AccessControl(options, queue: path), watch: watch,
            operations: PageOperations(
                queue: try JobQueue(path: path, as: .client), dashboard: try Dashboard(path: path)),
            health: health, version: version, now: now)
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let open = DispatchGroup()
        do {
            let listener = try await bootstrap(threads, responder, limits ?? .init(), open)
                .bind(to: options.address)
            open.enter()
            listener.closeFuture.whenComplete { _ in open.leave() }
            if let socket { SocketFile.open(socket) }
            watch.start(now)
            var address = options.address
            if case .host(let host, _) = address, let port = listener.localAddress?.port {
                address = .host(host, port: port)
            }
            logger.notice("status page listens", metadata: ["page.address": "\(address)"])
            return PageServer(
                address: "\(address)", watch, listener, open, threads, socket: socket)
        } catch {
            await threads.end()
            throw OperatorError(
                .systemRefused, "LEADCONVERT_LISTEN=\(options.address): \(reason(error)).",
                remedy: "Choose another address, or end the program that has it.")
        }
    }

    private static func bootstrap(
        _ threads: MultiThreadedEventLoopGroup, _ responder: PageResponder,
        _ limits: ConnectionLimits, _ open: DispatchGroup
    ) -> ServerBootstrap {
        let answer: PageConnection.Answer = { request, loop in
            let response = loop.makePromise(of: Response.self)
            open.enter()
            Task(executorPreference: PageExecutor.shared) {
                response.succeed(await responder.respond(to: request))
                open.leave()
            }
            return response.futureResult
        }
        return ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // One at a time, or the listener would have accepted more before it can count them.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PageListener(limit: 128))
                }
            }
            // A client that has sent all is still to be answered.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                open.enter()
                channel.closeFuture.whenComplete { _ in open.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    try PageConnection(limits, answer).add(to: channel)
                }
            }
    }

    /// Closes the listener and the connections.
    ///
    /// Somebody who reads slowly does not hold up a stop: what is left after a second ends with the
    /// process.
    public func stop() async {
        watch.stop()
        listener.pipeline.fireUserInboundEventTriggered(ConnectionShouldEnd())
        let hasEnded = await withCheckedContinuation { [open] done in
            DispatchQueue.global(qos: .utility).async {
                done.resume(returning: open.wait(timeout: .now() + 1) == .success)
            }
        }
        if let socket { unlink(socket) }
        // What is still open would schedule its end on a thread that is gone.
        if hasEnded { await threads.end() }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "another program listens there"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as OperatorError: error.sentence
        default: "\(error)"
        }
    }
}

extension ServerBootstrap {
    fileprivate func bind(to address: ListenOptions.Address) async throws -> any Channel {
        switch address {
        case .host(let host, let port): try await bind(host: host, port: port).get()
        case .unix(let path): try await bind(unixDomainSocketPath: path).get()
        }
    }
}

extension MultiThreadedEventLoopGroup {
    /// Ends the threads; it fails only if they have ended before.
    fileprivate func end() async {
        do { try await shutdownGracefully() } catch { assertionFailure("\(error)") }
    }
}

/// Runs the page's tasks on a queue of its own, of low priority, one at a time.
private final class PageExecutor: TaskExecutor {
    static let shared = PageExecutor()
    private let queue = DispatchQueue(label: "leadconvertd.page", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
