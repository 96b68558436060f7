import ArgumentParser

/// A way that leads can take through the queue's file, and one that leaves the file out.
enum Course: String, CaseIterable, ExpressibleByArgument {
    /// The drain, the transport over HTTP, the queue: what the daemon does.
    case endToEnd = "drain"
    /// Claims and settlements without a call between them.
    case storage
    /// The statements that this comes to, by SQLite's C API.
    case limit
    /// Calls alone, without a queue.
    case wire
    /// Leads put into an empty queue.
    case enqueue

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var title: String {
        switch self {
        case .endToEnd: "end to end: drain, HTTP, queue"
        case .storage: "storage alone: claim and settle"
        case .limit: "the limit: bare SQLite C API"
        case .wire: "the wire alone: calls over HTTP"
        case .enqueue: "enqueue"
        }
    }
}
