import Foundation
import Glibc
import TestSupport

/// Stands where systemd listens, and keeps what it is told.
final class NotifySocket: Sendable {
    /// What `$NOTIFY_SOCKET` has to say.
    let path: String
    private let kept = Watched<[String]>([])

    /// Listens in a folder that outlives it.
    init(in folder: URL) throws {
        path = folder.appendingPathComponent("notify").path
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        let kept = kept
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                guard count > 0 else { break }
                let message = String(decoding: bytes[..<count], as: UTF8.self)
                kept.change { $0.append(message) }
            }
            close(descriptor)
        }
    }

    /// All messages so far, oldest first.
    var messages: [String] { kept.value }

    /// The messages that begin like this.
    func messages(_ beginning: String) -> [String] {
        messages.filter { $0.hasPrefix(beginning) }
    }

    /// Waits until so many messages begin like this.
    func waitFor(_ beginning: String, times: Int = 1) async throws {
        let kept = kept
        try await within(.seconds(400), "\(times) x \(beginning)") {
            try await kept.wait { $0.count { $0.hasPrefix(beginning) } >= times }
        }
    }
}
