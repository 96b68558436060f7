import Foundation
import Glibc

/// Who may do what with a file.
public struct FileRights: Sendable, Equatable {
    /// The file or folder.
    public let path: String
    /// The permission bits, the sticky one included.
    public let mode: UInt32
    /// The user it belongs to, by name where there is one.
    public let owner: String
    /// The group it belongs to, by name where there is one.
    public let group: String

    /// Reads them; nil when there is no such file.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.path = path
        mode = UInt32(status.st_mode) & 0o7777
        owner =
            getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) }
            ?? String(status.st_uid)
        group =
            getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) }
            ?? String(status.st_gid)
    }

    /// The bits as `chmod` takes them: `0660`.
    public var octal: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Whether a file lets in more than owner and group, or lets them do more than read and write.
    public var isLooserThan0660: Bool { mode & ~0o660 != 0 }

    /// Whether anybody may put files into a folder.
    public var isOpenToAll: Bool { mode & 0o002 != 0 }

    /// Whether files of a folder that is open to all are safe there from others.
    public var isSticky: Bool { mode & 0o1000 != 0 }

    /// Whether we ourselves may read and write a file, or enter and change a folder.
    public static func allowUs(_ path: String, isFolder: Bool) -> Bool {
        access(path, R_OK | W_OK | (isFolder ? X_OK : 0)) == 0
    }

    /// Whether a file can't even be looked for, because we may not enter its folder.
    public static func isOutOfSight(_ path: String) -> Bool {
        access(path, F_OK) != 0 && errno == EACCES
    }

    /// SQLite's file and those that it keeps beside it, as far as they are there.
    public static func ofQueue(_ path: String) -> [FileRights] {
        ["", "-wal", "-shm"].compactMap { FileRights(path: path + $0) }
    }
}

/// The queue names people's leads: the file, and SQLite's files beside it, are for the owner and
/// the group alone. SQLite gives its -wal and -shm the rights of the file itself.
enum FilePermission {
    static func keepingOthersOut<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = umask(0o007)
        defer { umask(before) }
        return try body()
    }

    /// Makes the queue's file, if it is not there, so that the group may do with it what it may do
    /// with its folder. SQLite would only ever let the group read: then neither users that may
    /// enqueue could write to the daemon's file, nor the daemon to a file that one of them made.
    static func make(_ path: String) {
        let path = QueuePath.resolved(path)
        guard let folder = folder(of: path) else { return }
        // Whatever is in the way, SQLite meets it too and says so.
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        adopt(descriptor, in: folder)
        close(descriptor)
    }

    /// Gives a file that was just made to users that may use its folder. What root makes goes to the
    /// folder's owner, whose daemon could not open it otherwise, as root's SQLite does with its -wal and
    /// -shm.
    static func adopt(_ descriptor: Int32, in folder: stat) {
        // Where the system refuses, check says whose the file is.
        if geteuid() == 0 { fchown(descriptor, folder.st_uid, folder.st_gid) }
        fchmod(descriptor, 0o600 | folder.st_mode & 0o060)
    }

    /// The folder of a file.
    static func folder(of path: String) -> stat? {
        var folder = stat()
        let name = (path as NSString).deletingLastPathComponent.orHere
        return stat(name, &folder) == 0 ? folder : nil
    }
}

extension String {
    fileprivate var orHere: String { isEmpty ? "." : self }
}
