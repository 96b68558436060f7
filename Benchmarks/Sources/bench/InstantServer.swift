import Foundation
import Glibc
import Synchronization

/// An org on loopback that converts whatever it is asked to, after a pause or at once.
///
/// A thread for each connection and no library between it and the socket: what it costs is taken
/// from the programs that are measured, on the same cores.
final class InstantServer: Sendable {
    /// Where it listens.
    let url: String
    private let listener: CInt
    private let pause: Duration
    private let seen = Mutex(Seen())

    /// What came in so far.
    struct Seen {
        var leads = 0
        /// When the first request came, whatever it asked for.
        var greeting: ContinuousClock.Instant?
        /// When the first call to convert leads came, and when the last was answered.
        var first: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
        /// When the last call to convert leads came.
        var arrival: ContinuousClock.Instant?
    }

    /// Listens on a port that is free.
    init(pause: Duration = .zero) throws {
        self.pause = pause
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) | listen(descriptor, 64)
                    | getsockname(descriptor, $0, &size)
            }
        }
        guard code == 0 else { throw Unfinished(description: "no port of 127.0.0.1 is free") }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread.detachNewThread { [self] in serveAll() }
    }

    /// Listens no more; its threads end with their connections.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// What came in so far.
    var soFar: Seen { seen.withLock { $0 } }

    private func serveAll() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            // Not for the programs that are started meanwhile.
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            Thread.detachNewThread { [self] in
                serve(Connection(connection))
                close(connection)
            }
        }
    }

    private func serve(_ connection: Connection) {
        while let request = connection.next() {
            seen.withLock { $0.greeting = $0.greeting ?? .now }
            guard request.isConversion else {
                connection.answer(InstantAnswer.body(to: request.target, at: url))
                continue
            }
            let arrival = ContinuousClock.now
            seen.withLock {
                $0.arrival = arrival
                $0.first = $0.first ?? arrival
            }
            let (body, leads) = InstantAnswer.conversions(of: request.body)
            if pause > .zero { Thread.sleep(forTimeInterval: pause / .seconds(1)) }
            seen.withLock {
                $0.leads += leads
                $0.last = .now
            }
            connection.answer(body)
        }
    }
}
