public import Conversion
import Foundation
import Glibc

/// Files that are changed together. All are on disk beside the old ones before the first takes its
/// place, and a Ctrl-C meanwhile waits: each file is whole, as it was or as it will be.
public struct FileChanges {
    private struct File {
        var path: String
        var text: String
        var mode: mode_t
    }

    private var files: [File] = []
    private var links: [(path: String, target: String)] = []
    private var removed: [String] = []

    public init() {}

    /// Writes a file, in the place of what is there. That one's owner and rights stay, unless it is
    /// to be a secret and is none; a new one gets these rights.
    public mutating func put(_ text: String, into path: String, mode: UInt32) {
        // A link stays, and what it leads to is replaced.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        files.append(File(path: target, text: text, mode: mode))
    }

    /// Makes a symbolic link, in the place of what is there.
    public mutating func link(_ path: String, to target: String) {
        links.append((path, target))
    }

    public mutating func remove(_ path: String) {
        removed.append(path)
    }

    /// Makes the changes, and the folders that they need, which only their owner may enter where
    /// they hold secrets.
    /// - Throws: 73, and then nothing is changed.
    public func make() throws(OperatorError) {
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGTSTP]
        let before = signals.map { signal($0, SIG_IGN) }
        defer { for (number, action) in zip(signals, before) { signal(number, action) } }
        var drafts: [String] = []
        do {
            for file in files {
                try Self.makeFolder(of: file.path, isSecret: file.mode & 0o077 == 0)
                drafts.append(try Self.draft(file))
            }
            for link in links {
                try Self.makeFolder(of: link.path, isSecret: false)
                drafts.append(try Self.draft(link))
            }
            for path in files.map(\.path) + links.map(\.path) {
                try Self.rename(Self.draftName(path), path)
            }
            for path in removed where unlink(path) != 0 && errno != ENOENT {
                throw Unwritable(path)
            }
        } catch {
            for draft in drafts { unlink(draft) }
            throw OperatorError(.cannotCreate, "\(error)", remedy: "Nothing more was written.")
        }
    }

    private static func draftName(_ path: String) -> String { "\(path).new" }

    private static func makeFolder(of path: String, isSecret: Bool) throws(Unwritable) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let mode = isSecret ? 0o700 : 0o755
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: mode])
        } catch {
            throw Unwritable(folder.path)
        }
    }

    /// Writes the file under another name.
    private static func draft(_ file: File) throws(Unwritable) -> String {
        let draft = draftName(file.path)
        try SecretFile.write(file.text, to: draft) { adopt(file, $0) }
        return draft
    }

    private static func draft(
        _ link: (path: String, target: String)
    ) throws(Unwritable) -> String {
        let draft = draftName(link.path)
        unlink(draft)
        guard symlink(link.target, draft) == 0 else { throw Unwritable(draft) }
        return draft
    }

    private static func adopt(_ file: File, _ descriptor: Int32) -> Bool {
        var old = stat()
        guard stat(file.path, &old) == 0 else { return fchmod(descriptor, file.mode) == 0 }
        let isSecret = file.mode & 0o037 == 0
        let mode = isSecret && old.st_mode & 0o037 != 0 ? file.mode : old.st_mode & 0o777
        // The owner first: to give a file away takes some of its rights.
        return fchown(descriptor, old.st_uid, old.st_gid) == 0 && fchmod(descriptor, mode) == 0
    }

    private static func rename(_ draft: String, _ path: String) throws(Unwritable) {
        guard Glibc.rename(draft, path) == 0 else { throw Unwritable(path) }
    }
}
