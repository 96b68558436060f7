import Conversion
import Foundation
import SystemPackage

/// A file that results are written to.
enum OutputFile {
    /// Writes a file; `-` is standard output.
    ///
    /// The file is there whole or not at all: it is written without a name, and given its own when it is
    /// whole, with the rights, the group and, as far as we may, the owner of what it replaces. A run that
    /// is killed leaves nothing, but on file systems where each file has a name from the start (NFS, FAT).
    /// What is no plain file (a pipe, a device, a link such as /dev/stdout) stays what it is, and is
    /// written into.
    /// - Throws: `OperatorError` 73 when it can't be made, 74 when it can't be written; what `body`
    ///   throws.
    static func write(to path: String, _ body: (Output) throws -> Void) throws {
        if path == "-" {
            let output = Output()
            try body(output)
            return try output.flush()
        }
        if let isPlain = isPlainFile(path), !isPlain {
            return try fill(path, named: path, [.create, .truncate], body)
        }
        // A name of its own: another run may be writing to the same file just now.
        let draft = "\(path).unfinished-\(getpid())"
        // What a run left that was killed. Anything else is in the way, as the next lines find.
        if isPlainFile(draft) == true { unlink(draft) }
        if let nameless = nameless(beside: path) {
            try fill(nameless, named: path) {
                try body($0)
                try $0.flush()
                try link(nameless, to: path, over: draft)
            }
        } else {
            try fillDraft(draft, of: path, body)
        }
    }

    /// A file without a name, which ends with us; nil where the file system has none.
    private static func nameless(beside path: String) -> FileDescriptor? {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "."
        // O_TMPFILE, a macro that Swift does not see. Source: asm-generic/fcntl.h.
        let temporary = FileDescriptor.OpenOptions(rawValue: 0o20_000_000 | O_DIRECTORY)
        guard access("/proc/self/fd", X_OK) == 0 else { return nil }
        return try? .open(
            folder, .writeOnly, options: [temporary, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o666))
    }

    /// Gives a file its name. Nothing but a rename replaces what has that now, so that there is another
    /// for the time between two calls of the system.
    private static func link(
        _ file: FileDescriptor, to path: String, over draft: String
    ) throws(OperatorError) {
        let isLinked = { (name: String) in
            linkat(AT_FDCWD, "/proc/self/fd/\(file.rawValue)", AT_FDCWD, name, AT_SYMLINK_FOLLOW)
                == 0
        }
        if isLinked(path) { return }
        guard errno == EEXIST, isLinked(draft) else { throw notMade(path) }
        try move(draft, to: path)
    }

    private static func fillDraft(
        _ draft: String, of path: String, _ body: (Output) throws -> Void
    ) throws {
        try fill(draft, named: path, [.create, .exclusiveCreate]) { output in
            do {
                try body(output)
                try output.flush()
            } catch {
                unlink(draft)
                throw error
            }
        }
        try move(draft, to: path)
    }

    private static func move(_ draft: String, to path: String) throws(OperatorError) {
        guard rename(draft, path) != 0 else { return }
        let error = notMade(path)
        unlink(draft)
        throw error
    }

    /// With what the system said last.
    private static func notMade(_ path: String) -> OperatorError {
        OperatorError(.cannotCreate, "\(path) can't be made: \(Errno(rawValue: errno)).")
    }

    private static func fill(
        _ file: String, named name: String, _ options: FileDescriptor.OpenOptions,
        _ body: (Output) throws -> Void
    ) throws {
        let descriptor: FileDescriptor
        do {
            descriptor = try .open(
                file, .writeOnly, options: options.union(.closeOnExec),
                permissions: FilePermissions(rawValue: 0o666))
        } catch {
            throw OperatorError(.cannotCreate, "\(name) can't be made: \(file): \(error).")
        }
        try fill(descriptor, named: name, isNew: file != name, body)
    }

    private static func fill(
        _ descriptor: FileDescriptor, named name: String, isNew: Bool = true,
        _ body: (Output) throws -> Void
    ) throws {
        if isNew { adopt(name, descriptor) }
        do {
            try descriptor.closeAfter {
                let output = Output(to: descriptor, named: name)
                try body(output)
                try output.flush()
            }
        } catch let error as Errno {
            throw OperatorError(.inputOutput, "\(name) can't be written: \(error).")
        }
    }

    /// Gives the file the rights of the one that it replaces, before anything is in it.
    private static func adopt(_ path: String, _ descriptor: FileDescriptor) {
        var old = stat()
        guard lstat(path, &old) == 0 else { return }
        let file = descriptor.rawValue
        // The owner first: to give a file away takes some of its rights. Where it may not keep its group,
        // another group gets nothing.
        let keepsGroup =
            fchown(file, old.st_uid, old.st_gid) == 0 || fchown(file, .max, old.st_gid) == 0
        fchmod(file, old.st_mode & (keepsGroup ? 0o777 : 0o707))
    }

    /// Nil when there is nothing of that name. A link is no plain file.
    private static func isPlainFile(_ path: String) -> Bool? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFREG
    }
}
