import Conversion
import Foundation
import SystemPackage

/// A file that results are written to.
enum OutputFile {
    /// Writes a file; `-` is standard output.
    ///
    /// The file is there whole or not at all: it is written beside its place, and then moved there, with
    /// the rights, the group and, as far as we may, the owner of what it replaces. What is no plain file (a
    /// pipe, a device, a link such as /dev/stdout) stays what it is, and is written into.
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
        // What a run left that was killed. Anything else is in the way, as the next line finds.
        if isPlainFile(draft) == true { unlink(draft) }
        try fill(draft, named: path, [.create, .exclusiveCreate]) { output in
            do {
                try body(output)
                try output.flush()
            } catch {
                unlink(draft)
                throw error
            }
        }
        guard rename(draft, path) == 0 else {
            let reason = Errno(rawValue: errno)
            unlink(draft)
            throw OperatorError(.cannotCreate, "\(path) can't be made: \(reason).")
        }
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
        if file != name { adopt(name, descriptor) }
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
