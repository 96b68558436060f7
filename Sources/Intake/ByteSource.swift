public import Conversion

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where rows come from: a name for messages, and bytes piece by piece.
public struct ByteSource {
    /// The name that refusals carry: a path, or `standard input`.
    public let name: String
    /// Whether its bytes come as somebody writes them, at whatever pace.
    let isStream: Bool
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
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path, error: errno) }
        self.init(OpenFile(descriptor: descriptor, name: path))
    }

    /// The bytes of a file that is open.
    init(_ file: OpenFile) {
        name = file.name
        isStream = !file.isRegular
        read = { () throws(OperatorError) in try file.nextPiece() }
    }

    /// The program's standard input.
    public static var standardInput: ByteSource {
        // A duplicate, so that closing it with the source leaves the program's own open.
        ByteSource(OpenFile(descriptor: dup(STDIN_FILENO), name: "standard input"))
    }

    /// The next piece; empty at the end.
    func next() throws(OperatorError) -> [UInt8] {
        try read()
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
}
