import Conversion
import Foundation
import Settings
import Storage

/// An empty queue in a folder of its own, for a dry run where there is none: a queue that a rehearsal left
/// behind would be found there by each command that comes later.
struct Rehearsal {
    let queue: JobQueue
    private let folder: URL

    /// Nil where the queue is there: then all is rolled back in it. And where none can be made, which the
    /// attempt says best.
    /// - Parameter policy: The policy that the leads are to have.
    /// - Throws: 66 when there is no such policy, as the queue would say; 73 when the folder can't be made.
    init?(of options: QueueOptions, policy: String?) throws {
        let context = try options.context
        let place = try context.queue
        let parent = (place.absolute as NSString).deletingLastPathComponent
        guard try !options.isThere(context), access(parent, W_OK) == 0 else { return nil }
        StandardError.write(
            try context.isElsewhere()
                ? "\(try context.noQueue())\n"
                : "There is no queue \(place.absolute): it would be made, and empty.\n")
        if let policy, policy != "default" {
            throw OperatorError(
                .notFound, "There is no policy named \(policy).",
                remedy: "Make it with: leadconvert policy set \(policy.shellQuoted) \(place.option)"
            )
        }
        let temporary = FileManager.default.temporaryDirectory
        folder = temporary.appendingPathComponent("leadconvert-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
            queue = try JobQueue(path: folder.appendingPathComponent("queue.db").path, as: .client)
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw OperatorError(
                .cannotCreate, "Can't write to \(temporary.path): \(error).",
                remedy: "Name a folder that has room with TMPDIR.")
        }
    }

    /// Leaves nothing behind.
    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }
}
