import Conversion
import Foundation
import Glibc

/// The file of a listening socket.
enum SocketFile {
    /// Takes away what a daemon before left, if nobody listens there.
    static func removeStaleSocket(for path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            throw OperatorError(
                .systemRefused, "LEADCONVERT_LISTEN=unix:\(path): there is a file of that name.",
                remedy:
                    "Choose another path; a socket left by a daemon before is replaced by itself.")
        }
        guard !isAnswered(path) else {
            throw OperatorError(
                .systemRefused, "LEADCONVERT_LISTEN=unix:\(path): another program listens there.",
                remedy: "Choose another path, or end that program.")
        }
        unlink(path)
    }

    /// Lets the group in, too: a web server that stands before the page.
    static func open(_ path: String) { chmod(path, 0o660) }

    private static func isAnswered(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, length) == 0
            }
        }
    }
}
