public import Conversion
import Foundation
import SystemPackage

/// Where rows come from: a name for messages, and bytes piece by piece.
public struct ByteSource {
    /// The name that messages carry: a path, or `standard input`.
    public let name: String
    /// Whether its bytes come as somebody writes them, at whatever pace.
    private let isStream: Bool
    private let read: () throws(OperatorError) -> [UInt8]

    /// A source that `read` feeds until it gives an empty piece.
    public init(name: String, read: @escaping () throws(OperatorError) -> [UInt8]) {
        self.name = name
        self.read = read
        isStream = false
    }

    /// The file at a path.
    /// - Throws: 66 when there is none, 74 when it can't be opened.
    public init(path: String) throws(OperatorError) {
        let descriptor = try explained(path) {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
        self.init(OpenFile(descriptor, name: path))
    }

    /// The program's standard input.
    public static func standardInput() throws(OperatorError) -> ByteSource {
        let name = "standard input"
        // A duplicate, so that closing it with the source leaves the program's own open.
        let descriptor = try explained(name) { try FileDescriptor.standardInput.duplicate() }
        return ByteSource(OpenFile(descriptor, name: name))
    }

    fileprivate init(_ file: OpenFile) {
        name = file.name
        isStream = !file.canSeek
        read = { () throws(OperatorError) in try file.nextPiece() }
    }

    /// The next piece; empty at the end.
    func next() throws(OperatorError) -> [UInt8] {
        try read()
    }

    /// A source of the same name that gives `head` first.
    func preceded(by head: [UInt8]) -> ByteSource {
        var head = head
        return ByteSource(name: name) { [read] () throws(OperatorError) in
            guard !head.isEmpty else { return try read() }
            defer { head = [] }
            return head
        }
    }

    /// Everything that is left, unless it is more than `limit` bytes.
    func all(atMost limit: Int) throws(OperatorError) -> [UInt8] {
        var bytes: [UInt8] = []
        while case let piece = try read(), !piece.isEmpty {
            bytes += piece
            guard bytes.count <= limit else {
                throw OperatorError(.dataRefused, "\(name): longer than \(limit) bytes.")
            }
        }
        return bytes
    }

    /// Everything that is left as text, without a byte order mark.
    /// - Throws: 65 when it is none, or more than `limit` bytes; 74 when it can't be read.
    public func text(atMost limit: Int = 1 << 20) throws(OperatorError) -> String {
        guard var text = String(validating: try all(atMost: limit), as: UTF8.self) else {
            throw OperatorError(.dataRefused, "\(name) is not UTF-8 text.")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text
    }

    /// The same bytes from where they can be read without waiting for anybody: what a pipe brings
    /// is first copied to a temporary file, which has no name and ends with the source.
    ///
    /// For a reader under a lock that others want.
    public func spooled() throws(OperatorError) -> ByteSource {
        guard isStream else { return self }
        let copy = try OpenFile.temporary(named: name)
        while case let piece = try read(), !piece.isEmpty { try copy.append(piece) }
        try copy.rewind()
        return ByteSource(copy)
    }
}

/// A temporary file, which has no name and ends with its last user, to be read when it is complete.
public struct SpoolFile {
    private let file: OpenFile

    /// An empty file.
    /// - Parameter name: What messages call its rows' source.
    /// - Throws: 74 when there is no place for it.
    public init(name: String) throws(OperatorError) {
        file = try OpenFile.temporary(named: name)
    }

    /// Writes at its end.
    /// - Throws: 74 when the disk is full.
    public func append(_ bytes: [UInt8]) throws(OperatorError) { try file.append(bytes) }

    /// Gives all that was written to `body`, piece by piece.
    public func read(_ body: ([UInt8]) throws -> Void) throws {
        let source = try source()
        while case let piece = try source.next(), !piece.isEmpty { try body(piece) }
    }

    /// All that was written, from its beginning.
    public func source() throws(OperatorError) -> ByteSource {
        try file.rewind()
        return ByteSource(file)
    }
}

/// A descriptor that is closed with its last user.
private final class OpenFile {
    private static let pieceSize = 1 << 16
    let name: String
    private let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit {
        // Nothing was written that a failure could lose.
        try? descriptor.close()
    }

    /// A new file that nobody else can find.
    static func temporary(named name: String) throws(OperatorError) -> OpenFile {
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return try unwritable(folder) {
            var template = Array("\(folder)/leadconvert-XXXXXX".utf8CString)
            let descriptor = FileDescriptor(rawValue: mkstemp(&template))
            guard descriptor.rawValue >= 0 else { throw Errno(rawValue: errno) }
            unlink(template)
            return OpenFile(descriptor, name: name)
        }
    }

    /// Whether its bytes are there already; not those of a pipe or a terminal.
    var canSeek: Bool {
        (try? descriptor.seek(offset: 0, from: .current)) != nil
    }

    /// What can be read at once; empty at the end.
    func nextPiece() throws(OperatorError) -> [UInt8] {
        try explained(name) {
            try [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
                count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }

    func append(_ bytes: [UInt8]) throws(OperatorError) {
        try unwritable("the temporary file for \(name)") { _ = try descriptor.writeAll(bytes) }
    }

    func rewind() throws(OperatorError) {
        _ = try explained(name) { try descriptor.seek(offset: 0, from: .start) }
    }
}

/// Runs `body`; what the system refuses comes out as a sentence about the file.
private func explained<Result>(
    _ name: String, _ body: () throws -> Result
) throws(OperatorError) -> Result {
    do {
        return try body()
    } catch Errno.noSuchFileOrDirectory {
        throw OperatorError(.notFound, "\(name): no such file.")
    } catch {
        throw OperatorError(.inputOutput, "\(name): \(error).")
    }
}

private func unwritable<Result>(
    _ name: String, _ body: () throws -> Result
) throws(OperatorError) -> Result {
    do {
        return try body()
    } catch {
        throw OperatorError(
            .inputOutput, "Can't write to \(name): \(error).",
            remedy: "Name a folder that has room with TMPDIR."
        )
    }
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")

    /// Whether it ends a line.
    var isLineBreak: Bool { self == .lineFeed || self == .carriageReturn }

    /// Whether it is blank in JSON and at a line's ends.
    var isBlank: Bool { self == .space || self == .tab || isLineBreak }
}
