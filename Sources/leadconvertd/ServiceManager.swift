import Glibc

/// What systemd is told, on the socket that it named; nothing at all without one.
/// Source: sd_notify(3).
enum ServiceManager {
    /// The queue is open and signals are handled.
    static func ready() { notify("READY=1\nSTATUS=Draining the queue.") }

    /// No new calls; those in flight settle.
    static func stopping() { notify("STOPPING=1\nSTATUS=Letting calls in flight settle.") }

    private static func notify(_ state: String) {
        guard let name = getenv("NOTIFY_SOCKET") else { return }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var path = Array(String(cString: name).utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // "@" stands for the abstract namespace, whose names begin with a zero and end nowhere.
        let isAbstract = path.first == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = MemoryLayout<sa_family_t>.size + path.count + (isAbstract ? 0 : 1)
        let message = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A service manager that does not listen is no reason to stop.
                _ = sendto(
                    descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0,
                    socklen_t(length))
            }
        }
    }
}
