import Conversion
import Glibc

/// Which file a path named when it was opened.
///
/// A file that was deleted or replaced can still be written through the connection that holds it,
/// without any error, and all of that is gone with the connection.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// - Throws: `OperatorError` 74 when `path` names another file now, or none.
    func check(_ path: String) throws {
        let now = FileIdentity(path: path)
        guard now != self else { return }
        throw OperatorError(
            .inputOutput, "\(path) was \(now == nil ? "deleted" : "replaced") while it was in use.",
            remedy: "Put the file that you want in its place and start again: what was sent and "
                + "is not recorded there is found out from Salesforce.")
    }
}
