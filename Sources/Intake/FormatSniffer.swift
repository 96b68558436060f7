import Conversion
import Foundation

/// How input is written.
public enum IntakeFormat: String, Sendable, CaseIterable {
    /// A header line, then a line a lead.
    case csv
    /// One array of objects.
    case json
    /// An object a line.
    case ndjson

    /// The format that a file's name tells, or nil.
    public init?(pathExtensionOf path: String) {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: ".") else { return nil }
        switch file[dot...].lowercased() {
        case ".csv", ".tsv": self = .csv
        case ".json": self = .json
        case ".ndjson", ".jsonl": self = .ndjson
        default: return nil
        }
    }

    /// The format that the first byte tells which is not blank.
    fileprivate init(firstByte: UInt8?) {
        switch firstByte {
        case UInt8(ascii: "["): self = .json
        case UInt8(ascii: "{"): self = .ndjson
        default: self = .csv
        }
    }
}

extension IntakeFormat {
    /// About how many rows a file has, where that is quickly found: its lines, where a row is one.
    /// - Parameter format: How it is written; nil is by its first byte.
    /// - Returns: Nil for an array, and for what is no regular file: a pipe can be read only once.
    public static func rowsAtMost(ofFile path: String, format: IntakeFormat?) -> Int? {
        var status = stat()
        // A file that can't be read is none here: what reads its rows says so.
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        else { return nil }
        return bytes.withUnsafeBytes { bytes in
            let text = bytes.starts(with: FormatSniffer.mark) ? bytes.dropFirst(3) : bytes[...]
            let format = format ?? IntakeFormat(firstByte: text.first { !$0.isBlank })
            return format == .json ? nil : bytes.count { $0 == .lineFeed }
        }
    }
}

extension [UInt8] {
    /// The first of its bytes that are not blank.
    fileprivate var withoutBlanks: [UInt8] { Array(lazy.filter { !$0.isBlank }.prefix(64)) }
}

/// Finds out from an input's first bytes how it is written.
struct FormatSniffer {
    /// The whole input as UTF-8, without a byte order mark.
    let text: ByteSource
    /// The format that its first byte tells.
    let format: IntakeFormat
    /// How its characters were written.
    let encoding: TextEncoding

    fileprivate static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let marksOfUTF16: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF]]
    /// A ZIP archive, as which .xlsx and .ods are written, and what .xls begins with.
    private static let marksOfWorkbooks: [[UInt8]] = [
        [0x50, 0x4B, 0x03, 0x04], [0xD0, 0xCF, 0x11, 0xE0],
    ]

    /// - Parameter encoding: How the characters are written, if that is known; a byte order mark
    ///   decides where it is not.
    init(_ source: ByteSource, encoding: TextEncoding?) throws(OperatorError) {
        let first = try Self.head(of: source) { $0.count >= 4 }
        guard !Self.marksOfWorkbooks.contains(where: first.starts(with:)) else {
            throw InputError(
                sentence: "it is a workbook (or an archive), not text",
                remedy: "In the spreadsheet program save it as CSV UTF-8."
            ).of(source.name)
        }
        let isUTF16 = Self.marksOfUTF16.contains(where: first.starts(with:))
        self.encoding = encoding ?? (isUTF16 ? .utf16 : .utf8)
        let text = self.encoding.decoded(source.preceded(by: first))
        // Blank lines before the first row are rare and few; an input that begins with more of
        // them than a row may be long is taken for CSV and found empty there.
        var head = try Self.head(of: text) { !$0.allSatisfy(\.isBlank) || $0.count >= 1 << 20 }
        if head.starts(with: Self.mark) {
            head.removeFirst(Self.mark.count)
            head += try Self.head(of: text) { !$0.allSatisfy(\.isBlank) || $0.count >= 1 << 20 }
        }
        // What the Salesforce CLI prints of a query is one object over many lines.
        while Self.begin.starts(with: head.withoutBlanks), !head.withoutBlanks.isEmpty,
            head.withoutBlanks.count < Self.begin.count, case let piece = try text.next(),
            !piece.isEmpty
        { head += piece }
        format =
            head.withoutBlanks.starts(with: Self.begin)
            ? .json : IntakeFormat(firstByte: head.first { !$0.isBlank })
        self.text = text.preceded(by: head)
    }

    /// How `sf data query --json` begins, but for blanks.
    private static let begin = Array("{\"status\":0,\"result\":{".utf8)

    private static func head(
        of source: ByteSource, until isEnough: ([UInt8]) -> Bool
    ) throws(OperatorError) -> [UInt8] {
        var head: [UInt8] = []
        while !isEnough(head), case let piece = try source.next(), !piece.isEmpty { head += piece }
        return head
    }
}
