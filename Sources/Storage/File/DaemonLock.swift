public import Conversion
import Foundation
import Glibc

/// The right to be the one daemon of a queue's file.
///
/// An exclusive lock on a file beside the queue's: the kernel drops it with the process, however
/// that ends, so a dead daemon's work is free at once and no lease has to run out. It is a lock of
/// the open file description, which others can ask about without taking it.
public final class DaemonLock: Sendable {
    /// Who holds it.
    public struct Holder: Hashable, Sendable {
        public var pid: Int32
        /// When it took the lock.
        public var since: Timestamp
        /// The login that it has read, once it has said so.
        public var login: Login?
    }

    /// Which login a daemon has read of its settings.
    public struct Login: Hashable, Sendable {
        /// What tells it from others, in 16 characters.
        public var name: String
        /// When it began to read it.
        public var readAt: Timestamp

        public init(name: String, readAt: Timestamp) {
            self.name = name
            self.readAt = readAt
        }
    }

    /// `F_OFD_GETLK` and `F_OFD_SETLK` of Linux, which Glibc's module leaves out.
    private static let askForLock: Int32 = 36
    private static let takeLock: Int32 = 37

    private let file: String
    private let descriptor: Int32
    /// Where the number of the last call stands in the lock's file.
    private let callOffset: Int
    /// The last call that a daemon before made on this file; nil when none is known.
    let lastCall: Int64?

    /// Takes the lock.
    /// - Throws: `OperatorError`: 75 when another daemon has it, and which; 73 when the lock's
    ///   file can't be made.
    public init(queue path: String, at now: Timestamp) throws {
        file = Self.file(path)
        descriptor = try Self.acquire(file, queue: path)
        lastCall = Self.lines(descriptor).dropFirst(2).first.flatMap { Int64($0) }
        let holder = "\(getpid())\n\(now)\n"
        callOffset = holder.utf8.count
        let text = Array((holder + (lastCall.map(Self.text) ?? Self.noCall)).utf8)
        guard pwrite(descriptor, text, text.count, 0) == text.count,
            ftruncate(descriptor, off_t(text.count)) == 0
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw OperatorError(.inputOutput, "\(file) can't be written: \(reason).")
        }
    }

    deinit { close(descriptor) }

    /// Keeps the number of a call beside the queue's file: an older copy in the place of that file
    /// knows fewer. A number that gets lost is made up for by the next.
    func keep(call: Int64) {
        let text = Array(Self.text(call).utf8)
        _ = pwrite(descriptor, text, text.count, off_t(callOffset))
    }

    /// Keeps what setup asks: whether the daemon logs in as its settings say now. What gets lost is as
    /// if it did not.
    public func keep(_ login: Login) {
        let text = Array("\(login.readAt) \(login.name)\n".utf8)
        _ = pwrite(descriptor, text, text.count, off_t(callOffset + Self.noCall.utf8.count))
    }

    /// In the place of a number, where none is known.
    private static let noCall = String(repeating: " ", count: 19) + "\n"

    /// All are of one length, so that one replaces the other.
    private static func text(_ call: Int64) -> String {
        let digits = String(call)
        return String(repeating: "0", count: max(0, 19 - digits.count)) + digits + "\n"
    }

    /// - Throws: `OperatorError` 74 when the lock's file was removed or replaced: then another
    ///   daemon may have taken a new one.
    func check() throws {
        guard !Self.isStill(file, descriptor) else { return }
        throw OperatorError(
            .inputOutput, "\(file) was removed while it was in use.",
            remedy: "It keeps a second daemon from the queue: leave it there, and start again.")
    }

    /// The daemon that works on the file now, if there is one.
    public static func holder(queue path: String) -> Holder? {
        let descriptor = open(file(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // The lock is asked about, not the pid: a pid may have passed on to another program.
        var lock = wholeFile
        guard fcntl(descriptor, askForLock, &lock) == 0, lock.l_type != Int16(F_UNLCK) else {
            return nil
        }
        return read(descriptor)
    }

    /// One queue may be reached by several names; its lock must not be.
    private static func file(_ path: String) -> String { QueuePath.resolved(path) + ".lock" }

    private static var wholeFile: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    private static func acquire(_ file: String, queue path: String) throws -> Int32 {
        while true {
            let descriptor = try make(file)
            var lock = wholeFile
            guard fcntl(descriptor, takeLock, &lock) == 0 else {
                let reason = errno
                guard reason == EAGAIN || reason == EACCES else {
                    close(descriptor)
                    throw OperatorError(
                        .inputOutput,
                        "\(file) can't be locked: \(String(cString: strerror(reason))).",
                        remedy: "Put the queue's file on a local disk.")
                }
                let holder = read(descriptor)
                close(descriptor)
                throw OperatorError(
                    .tryLater,
                    "Another leadconvertd works on \(path)"
                        + (holder.map { ": pid \($0.pid), since \($0.since)." } ?? "."),
                    remedy: "Stop it first, or give this one a file of its own.")
            }
            // Removed since it was opened, it would lock nobody out.
            if isStill(file, descriptor) { return descriptor }
            close(descriptor)
        }
    }

    /// Never through a link, at whose end a file of somebody else would be written over.
    private static func make(_ file: String) throws -> Int32 {
        let descriptor = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            let isLink = errno == ELOOP
            let reason = isLink ? "it is a link" : String(cString: strerror(errno))
            throw OperatorError(
                .cannotCreate, "\(file) can't be made: \(reason).",
                remedy: isLink
                    ? "Remove it; the daemon makes a file of its own there."
                    : "The queue's folder must exist and be writable for this user.")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_nlink <= 1
        else {
            close(descriptor)
            throw OperatorError(
                .cannotCreate, "\(file) can't be the lock: it is no file of its own.",
                remedy: "Remove it; the daemon makes one.")
        }
        // Nobody has written to it yet: root has just made it.
        if geteuid() == 0, status.st_uid == 0, status.st_size == 0,
            let folder = FilePermission.folder(of: file)
        {
            FilePermission.adopt(descriptor, in: folder)
        }
        return descriptor
    }

    private static func isStill(_ file: String, _ descriptor: Int32) -> Bool {
        FileIdentity(descriptor: descriptor) == FileIdentity(path: file)
    }

    private static func lines(_ descriptor: Int32) -> [Substring] {
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
    }

    private static func read(_ descriptor: Int32) -> Holder? {
        let lines = lines(descriptor)
        guard lines.count >= 2, let pid = Int32(lines[0]), let since = Timestamp(lines[1]) else {
            return nil
        }
        let login = lines.dropFirst(3).first.map { $0.split(separator: " ") } ?? []
        guard login.count == 2, let readAt = Timestamp(login[0]) else {
            return Holder(pid: pid, since: since)
        }
        return Holder(
            pid: pid, since: since, login: Login(name: String(login[1]), readAt: readAt))
    }
}

/// Where a queue's path leads to.
enum QueuePath {
    /// The file at the end of all links, whether it is there already or not.
    static func resolved(_ path: String) -> String {
        var path = path
        // As many links as the kernel follows.
        for _ in 0..<40 {
            if let resolved = realpath(path) { return resolved }
            var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            guard readlink(path, &target, Int(PATH_MAX)) > 0 else { break }
            let link = String(
                decoding: target.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            path = link.hasPrefix("/") ? link : folder(path) + "/" + link
        }
        let folder = folder(path)
        return (realpath(folder) ?? folder) + "/" + (path as NSString).lastPathComponent
    }

    private static func folder(_ path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    private static func realpath(_ path: String) -> String? {
        guard let resolved = Glibc.realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
