import Conversion

/// A piece of the input that is one row.
struct Record {
    /// The line where it begins.
    let line: Int
    /// Its bytes, or why they are no row.
    let content: Result<ArraySlice<UInt8>, RowError>
}

/// Cuts a stream of bytes into records, holding one piece of the stream and one record at a time.
struct RecordSplitter<Boundary: RecordBoundary> {
    var boundary: Boundary
    private let source: ByteSource
    private var piece: [UInt8] = []
    private var place = 0
    private var line = 1
    private var endedWithCR = false

    /// Bytes of the record at hand from pieces that are read already.
    private var carried: [UInt8] = []
    private var isTooLong = false
    private var firstLine = 1
    private var isDone = false

    init(_ source: ByteSource, boundary: Boundary) {
        self.source = source
        self.boundary = boundary
    }

    /// The next record that isn't blank, which is known to be text.
    ///
    /// One record in another encoding makes the whole input unusable: its neighbours may look like
    /// UTF-8 and still hold other characters than their author saw.
    mutating func nextOfText() throws(OperatorError) -> Record? {
        while let record = try next() {
            guard case .success(let bytes) = record.content else { return record }
            guard bytes.isUTF8Text else {
                throw InputError.notText(line: record.line).of(source.name)
            }
            if !bytes.allSatisfy(\.isBlank) { return record }
        }
        return nil
    }

    private mutating func next() throws(OperatorError) -> Record? {
        while !isDone {
            let record = try piece[place...].isEmpty ? refill() : scan()
            if let record { return record }
        }
        return nil
    }

    private mutating func refill() throws(OperatorError) -> Record? {
        piece = try source.next()
        place = 0
        guard piece.isEmpty else { return nil }
        isDone = true
        do throws(InputError) {
            try boundary.finish(line: line)
        } catch {
            throw error.of(source.name)
        }
        return record(of: [], error: nil)
    }

    /// Reads on until a record ends or the piece does; in that case the record's beginning is
    /// carried over.
    private mutating func scan() throws(OperatorError) -> Record? {
        var start = place
        while place < piece.count {
            let byte = piece[place]
            let position = try position(of: byte)
            place += 1
            if position == .behind || position == .missing {
                let record = record(
                    of: piece[start..<place - 1], error: position == .missing ? .missing : nil)
                count(byte)
                firstLine = line
                if let record { return record }
                start = place
            } else {
                count(byte)
                if position == .before {
                    start = place
                    firstLine = line
                }
            }
        }
        carry(piece[start...])
        return nil
    }

    private mutating func position(of byte: UInt8) throws(OperatorError) -> BytePosition {
        do throws(InputError) {
            return try boundary.take(byte, line: line)
        } catch {
            throw error.of(source.name)
        }
    }

    /// Lines end with LF, CR or both, as they do in the editor in which a person looks the row up.
    private mutating func count(_ byte: UInt8) {
        if byte == .carriageReturn || byte == .lineFeed && !endedWithCR { line += 1 }
        endedWithCR = byte == .carriageReturn
    }

    private mutating func carry(_ bytes: ArraySlice<UInt8>) {
        if carried.count + bytes.count > RowError.longestRow { isTooLong = true }
        if isTooLong { carried = [] } else { carried += bytes }
    }

    private mutating func record(of bytes: ArraySlice<UInt8>, error: RowError?) -> Record? {
        defer {
            carried = []
            isTooLong = false
        }
        if let error { return Record(line: firstLine, content: .failure(error)) }
        if isTooLong || carried.count + bytes.count > RowError.longestRow {
            return Record(line: firstLine, content: .failure(.tooLong))
        }
        let whole = carried.isEmpty ? bytes : carried[...] + bytes
        return whole.isEmpty ? nil : Record(line: firstLine, content: .success(whole))
    }
}

extension ArraySlice<UInt8> {
    /// Whether it is UTF-8 without zero bytes, which only binary files have.
    fileprivate var isUTF8Text: Bool {
        // Nearly all of all input is ASCII, which needs no decoding to be told.
        if allSatisfy({ $0 &- 1 < 0x7F }) { return true }
        return !contains(0) && String(validating: self, as: UTF8.self) != nil
    }
}
