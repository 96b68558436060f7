import Conversion
import Glibc
import Synchronization

/// Which file it is, whatever its name.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// The file that a path names; nil when there is none.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The file that is open.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// The files that a connection has open, watched by their names.
///
/// A file that was deleted or replaced can still be written through the connection that holds it,
/// without any error, and all of that is gone with the connection. A person who restores a copy in place
/// takes the write-ahead log away, which would else be copied over it.
final class OpenFiles: Sendable {
    private let path: String
    private let file: FileIdentity?
    private let log: Mutex<FileIdentity?>

    init(path: String) {
        self.path = path
        file = FileIdentity(path: path)
        log = Mutex(FileIdentity(path: path + "-wal"))
    }

    /// Whether the file was written after its write-ahead log, as it is when a copy was put in its place;
    /// it may be no more than a checkpoint before a crash.
    static func logMayBeForeign(to path: String) -> Bool {
        var (file, log) = (stat(), stat())
        guard stat(path, &file) == 0, stat(path + "-wal", &log) == 0, log.st_size > 0 else {
            return false
        }
        let (left, right) = (file.st_mtim, log.st_mtim)
        return (left.tv_sec, left.tv_nsec) > (right.tv_sec, right.tv_nsec)
    }

    /// - Throws: `OperatorError` 74 when one of them is another now, or gone.
    func check() throws {
        let file = FileIdentity(path: path)
        guard file == self.file else { throw changed(file == nil ? "deleted" : "replaced") }
        let log = FileIdentity(path: path + "-wal")
        let isSame = self.log.withLock { known in
            // SQLite makes it when it is first needed, and keeps it as long as anybody is there.
            if known == nil { known = log }
            return known == log
        }
        guard isSame else { throw changed("restored") }
    }

    private func changed(_ how: String) -> OperatorError {
        OperatorError(
            .inputOutput, "\(path) was \(how) while it was in use.",
            remedy: "Put the file that you want in its place and start again: what was sent and "
                + "is not recorded there is found out from Salesforce.")
    }
}
