import Conversion
import Foundation

/// A secret, and the file that it came from.
struct FoundSecret {
    let text: String
    /// The file, or nil when the variable itself held the secret.
    let file: String?
}

extension SettingReader {
    /// Whether the secret is given in any of the ways in which it can be.
    func isGiven(_ name: String) -> Bool {
        text(name) != nil || text("\(name)_FILE") != nil || credential(name) != nil
    }

    /// The secret of that name: from the variable, from the file that `NAME_FILE` names, or from
    /// systemd's credentials. Nil, with the reason noted, when it can't be had.
    mutating func secret(_ name: String) -> FoundSecret? {
        let fileName = "\(name)_FILE"
        switch (text(name), text(fileName)) {
        case (_?, _?):
            report(name, "is set beside \(fileName): set one of them")
            return nil
        case (let text?, nil):
            return FoundSecret(text: text, file: nil)
        case (nil, let path?):
            return secret(of: fileName, in: path)
        case (nil, nil):
            guard let path = credential(name) else { return nil }
            return secret(of: name, in: path)
        }
    }

    /// The credential of that name, in lower case, if systemd gave the unit one.
    private func credential(_ name: String) -> String? {
        guard let folder = text("CREDENTIALS_DIRECTORY") else { return nil }
        return [name, "\(name)_FILE"].map { "\(folder)/\($0.lowercased())" }
            .first(where: FileManager.default.fileExists(atPath:))
    }

    private mutating func secret(of name: String, in path: String) -> FoundSecret? {
        do {
            let text = try SecretFile(path).text(isGuarded: isCredential(path))
            return FoundSecret(text: text, file: path)
        } catch {
            report(name, value: path, error.rule)
            return nil
        }
    }

    /// systemd's credentials are in a folder that only the unit can enter.
    func isCredential(_ path: String) -> Bool {
        text("CREDENTIALS_DIRECTORY").map { path.hasPrefix("\($0)/") } ?? false
    }
}

/// A file that holds a secret.
struct SecretFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Its text without the line's end at its end.
    /// - Parameter isGuarded: Whether its folder keeps everybody else out, whatever its own mode.
    func text(isGuarded: Bool = false) throws(UnusableFile) -> String {
        let file = TextFile(path)
        // An editor ends the last line; the line's end is no part of the secret.
        let secret = try file.text().trimmingCharacters(in: .newlines)
        guard !secret.isEmpty else { throw UnusableFile(rule: "is empty") }
        let isOpen = isGuarded ? false : try file.isOpenToOthers()
        guard !isOpen else {
            throw UnusableFile(rule: "others than its owner can use it: \(file.closing)")
        }
        return secret
    }

    /// Puts another text in its place, readable for its owner alone. Whenever the power goes, the file
    /// holds the old text or the new one, whole.
    ///
    /// Root writes it for somebody else: for the owner of what a link leads to and is replaced, whose
    /// group may go on reading it, or of the folder. A file in the folder itself says nothing: a user who may write there can put one of
    /// their own.
    /// - Parameter followingLinks: Whether a link stays and what it leads to is replaced.
    func replace(by text: String, followingLinks: Bool = false) throws(Unwritable) {
        let target =
            followingLinks ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        let draft = "\(target).new"
        try Self.write(text, to: draft) { descriptor in
            var owner = stat()
            guard geteuid() == 0, stat(followingLinks ? target : folder, &owner) == 0 else {
                return true
            }
            guard fchown(descriptor, owner.st_uid, owner.st_gid) == 0 else { return false }
            return !followingLinks || fchmod(descriptor, owner.st_mode & 0o640) == 0
        }
        guard rename(draft, target) == 0 else { throw Unwritable(target) }
        try Self.sync(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), at: folder)
    }

    /// Writes a draft that only this user can read, and which is on disk when this returns.
    /// - Parameter adopt: Gives the file its owner and rights; false where the system refuses.
    static func write(
        _ text: String, to draft: String, adopt: (Int32) -> Bool = { _ in true }
    ) throws(Unwritable) {
        // What a crash left behind would keep its mode.
        unlink(draft)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        do {
            try sync(open(draft, flags, 0o600), at: draft) { descriptor in
                let bytes = Array(text.utf8)
                return Foundation.write(descriptor, bytes, bytes.count) == bytes.count
                    && adopt(descriptor)
            }
        } catch {
            unlink(draft)
            throw error
        }
    }

    private static func sync(
        _ descriptor: Int32, at path: String, after body: (Int32) -> Bool = { _ in true }
    ) throws(Unwritable) {
        guard descriptor >= 0 else { throw Unwritable(path) }
        defer { close(descriptor) }
        guard body(descriptor), fsync(descriptor) == 0 else { throw Unwritable(path) }
    }
}

/// A file that the system did not let us write, and its word for why.
struct Unwritable: Error, CustomStringConvertible {
    let description: String

    init(_ path: String) {
        description = "\(path): \(String(cString: strerror(errno)))."
    }
}
