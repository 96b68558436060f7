import Foundation
import Glibc

/// The queue names people's leads: the file, and SQLite's files beside it, are for the owner and
/// the group alone. SQLite gives its -wal and -shm the rights of the file itself.
enum FilePermission {
    static func keepingOthersOut<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = umask(0o007)
        defer { umask(before) }
        return try body()
    }

    /// Makes the queue's file, if it is not there, so that the group may do with it what it may do
    /// with its folder. SQLite would only ever let the group read: then neither those who may
    /// enqueue could write to the daemon's file, nor the daemon to a file that one of them made.
    static func make(_ path: String) {
        let path = QueuePath.resolved(path)
        var folder = stat()
        guard stat((path as NSString).deletingLastPathComponent.orHere, &folder) == 0 else {
            return
        }
        let group = folder.st_mode & 0o060
        // Whatever is in the way, SQLite meets it too and says so.
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        fchmod(descriptor, 0o600 | group)
        close(descriptor)
    }
}

extension String {
    fileprivate var orHere: String { isEmpty ? "." : self }
}
