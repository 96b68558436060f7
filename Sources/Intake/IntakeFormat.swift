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
    init(firstByte: UInt8?) {
        switch firstByte {
        case UInt8(ascii: "["): self = .json
        case UInt8(ascii: "{"): self = .ndjson
        default: self = .csv
        }
    }
}
