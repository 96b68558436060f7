import Conversion
import Foundation

/// A file whose text a setting is: it is read as a whole, and again at a reload.
struct TextFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// All that it holds, without a byte order mark.
    func text() throws(UnusableFile) -> String {
        switch try mode() & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw UnusableFile(rule: "is a folder: name the file in it")
        case S_IFIFO:
            throw UnusableFile(
                rule: "is a pipe, which can't be read again at a reload: name a file")
        // Somebody's way to say that there is none.
        case S_IFCHR where path == "/dev/null": return ""
        default: throw UnusableFile(rule: "is no file with text")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable }
        let bytes: Data
        do {
            bytes =
                try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd()
                ?? Data()
        } catch {
            throw UnusableFile(rule: "can't be read: \(error.localizedDescription)")
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw UnusableFile(rule: "is not UTF-8 text")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text
    }

    /// Whether others can use it. A service's own group may read: the file is mostly root's.
    func isOpenToOthers() throws(UnusableFile) -> Bool { try mode() & 0o037 != 0 }

    /// What to type so that others can't.
    var closing: String { "chmod 600 \(path.shellQuoted)" }

    private func mode() throws(UnusableFile) -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unreadable }
        return status.st_mode
    }
}

/// Why a file can't be used, as the rule that a setting breaks.
struct UnusableFile: Error {
    let rule: String
}

extension UnusableFile {
    /// What the system said last.
    fileprivate static var unreadable: UnusableFile {
        UnusableFile(rule: "can't be read: \(String(cString: strerror(errno)))")
    }
}
