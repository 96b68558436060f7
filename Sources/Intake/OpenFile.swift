import Conversion

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A descriptor that is closed with its last user.
final class OpenFile {
    private static let pieceSize = 1 << 16
    let descriptor: Int32
    let name: String

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit {
        close(descriptor)
    }

    /// Whether all its bytes are there already; not those of a pipe or a terminal.
    var isRegular: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What can be read at once; empty at the end.
    func nextPiece() throws(OperatorError) -> [UInt8] {
        var failure: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
            var result = -1
            repeat {
                result = read(descriptor, buffer.baseAddress, Self.pieceSize)
                failure = result < 0 ? errno : 0
            } while failure == EINTR
            count = max(result, 0)
        }
        guard failure == 0 else { throw .unreadable(name, error: failure) }
        return piece
    }
}

extension OperatorError {
    /// A file that the system refuses to open or to read, by its `errno`.
    static func unreadable(_ name: String, error: Int32) -> OperatorError {
        error == ENOENT
            ? OperatorError(.notFound, "\(name): no such file.")
            : OperatorError(.inputOutput, "\(name): \(String(cString: strerror(error))).")
    }
}
