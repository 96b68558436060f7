public import Conversion

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ByteSource {
    /// The same bytes from where they can be read without waiting for anybody: what a pipe brings
    /// is first copied to a temporary file, which has no name and ends with the source.
    ///
    /// For whoever reads under a lock that others want.
    public func atRest() throws(OperatorError) -> ByteSource {
        guard isStream else { return self }
        let copy = try OpenFile.temporary(named: name)
        while case let piece = try next(), !piece.isEmpty { try copy.append(piece) }
        try copy.rewind()
        return ByteSource(copy)
    }
}

extension OpenFile {
    /// A new file that nobody else can find.
    fileprivate static func temporary(named name: String) throws(OperatorError) -> OpenFile {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var path = Array("\(folder)/leadconvert-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw .unwritable(folder, error: errno) }
        unlink(path)
        return OpenFile(descriptor: descriptor, name: name)
    }

    fileprivate func append(_ bytes: [UInt8]) throws(OperatorError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else {
                throw .unwritable("the temporary file for \(name)", error: errno)
            }
            rest = rest.dropFirst(max(0, count))
        }
    }

    fileprivate func rewind() throws(OperatorError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .unreadable(name, error: errno) }
    }
}

extension OperatorError {
    fileprivate static func unwritable(_ name: String, error: Int32) -> OperatorError {
        OperatorError(
            .inputOutput, "Can't write to \(name): \(String(cString: strerror(error))).",
            remedy: "Name a folder that has room with TMPDIR."
        )
    }
}
