public import Conversion
import Foundation
import Glibc

/// The right to be the one daemon of a queue's file.
///
/// An exclusive `flock` on a file beside the queue's: the kernel drops it with the process, however
/// that ends, so a dead daemon's work is free at once and no lease has to run out.
public final class DaemonLock: Sendable {
    /// Who holds it.
    public struct Holder: Hashable, Sendable {
        /// The process.
        public var pid: Int32
        /// When it took the lock.
        public var since: Timestamp
    }

    private let descriptor: Int32

    /// Takes the lock.
    /// - Throws: `OperatorError`: 75 when another daemon has it, and which; 73 when the lock's
    ///   file can't be made.
    public init(queue path: String, at now: Timestamp) throws {
        descriptor = try Self.open(path, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.read(descriptor)
            throw OperatorError(
                .tryLater,
                "Another leadconvertd works on \(path)"
                    + (holder.map { ": pid \($0.pid), since \($0.since)." } ?? "."),
                remedy: "Stop it first, or give this one a file of its own.")
        }
        let text = Array("\(getpid())\n\(now)\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, text, text.count, 0) == text.count
        else {
            let reason = String(cString: strerror(errno))
            throw OperatorError(.inputOutput, "\(Self.file(path)) can't be written: \(reason).")
        }
    }

    deinit { close(descriptor) }

    /// The daemon that works on the file now, if there is one.
    public static func holder(queue path: String) -> Holder? {
        guard let descriptor = try? open(path, O_RDWR) else { return nil }
        defer { close(descriptor) }
        // The lock is asked for, not the pid: a pid may have passed on to another program.
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return read(descriptor)
    }

    private static func file(_ path: String) -> String {
        // One queue may be reached by several names; its lock must not be.
        let folder = (path as NSString).deletingLastPathComponent
        let resolved =
            realpath(path)
            ?? ((realpath(folder.isEmpty ? "." : folder) ?? folder) + "/"
                + (path as NSString).lastPathComponent)
        return resolved + ".lock"
    }

    private static func realpath(_ path: String) -> String? {
        guard let resolved = Glibc.realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func open(_ path: String, _ flags: Int32) throws -> Int32 {
        let file = file(path)
        let descriptor = Glibc.open(file, flags | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw OperatorError(
                .cannotCreate, "\(file) can't be made: \(reason).",
                remedy: "The queue's folder must exist and be writable for this user.")
        }
        return descriptor
    }

    private static func read(_ descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, let pid = Int32(lines[0]), let since = Timestamp(lines[1]) else {
            return nil
        }
        return Holder(pid: pid, since: since)
    }
}
