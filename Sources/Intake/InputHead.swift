import Conversion

/// The beginning of an input: enough of it to know what it is.
struct InputHead {
    /// What has been read, without a byte order mark.
    private(set) var bytes: [UInt8] = []

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let marksOfUTF16: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF]]

    init(_ source: ByteSource) throws(OperatorError) {
        // Blank lines before the first row are rare and few; an input that begins with more of
        // them than a row may be long is taken for CSV and found empty there.
        while bytes.count < Self.mark.count || bytes.allSatisfy(\.isBlank) && bytes.count < 1 << 20
        {
            let piece = try source.next()
            guard !piece.isEmpty else { break }
            bytes += piece
        }
        if Self.marksOfUTF16.contains(where: bytes.starts(with:)) {
            throw OperatorError(
                .dataRefused, "\(source.name): UTF-16, not UTF-8 text.",
                remedy: "Save the file as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE."
            )
        }
        if bytes.starts(with: Self.mark) { bytes.removeFirst(Self.mark.count) }
    }

    /// The format that the first byte tells.
    var format: IntakeFormat {
        IntakeFormat(firstByte: bytes.first { !$0.isBlank })
    }
}
