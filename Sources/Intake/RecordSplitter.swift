import Conversion

/// A piece of the input that is one row.
struct Record {
    /// The line where it begins.
    let line: Int
    /// Its bytes, or why they are no row.
    let content: Result<ArraySlice<UInt8>, RowFault>
}

/// Cuts a stream of bytes into records, holding one piece of the stream and one record at a time.
struct RecordSplitter<Boundary: RecordBoundary> {
    /// The longest record that is kept: a longer one is read to its end and refused.
    static var longest: Int { 1 << 20 }

    var boundary: Boundary
    private let source: ByteSource
    private var piece: [UInt8]
    private var place = 0
    private var line = 1
    private var endedWithCR = false

    /// Bytes of the record at hand from pieces that are read already.
    private var carried: [UInt8] = []
    private var isTooLong = false
    private var firstLine = 1
    private var isDone = false

    /// Continues `source`, of which `head` has been read.
    init(_ source: ByteSource, head: [UInt8], boundary: Boundary) {
        self.source = source
        self.boundary = boundary
        piece = head
    }

    /// The next record that isn't empty.
    mutating func next() throws(OperatorError) -> Record? {
        while !isDone {
            let record = try piece[place...].isEmpty ? refill() : scan()
            if let record { return record }
        }
        return nil
    }

    /// The error of an input of which nothing can be taken.
    func refusal(_ fault: InputFault) -> OperatorError {
        OperatorError(
            .dataRefused, "\(source.name):\(fault.line): \(fault.sentence).", remedy: fault.remedy
        )
    }

    private mutating func refill() throws(OperatorError) -> Record? {
        piece = try source.next()
        place = 0
        guard piece.isEmpty else { return nil }
        isDone = true
        do throws(InputFault) {
            let fault = try boundary.finish(line: line)
            return record(of: [], fault: fault)
        } catch {
            throw refusal(error)
        }
    }

    /// Reads on until a record ends or the piece does; in that case the record's beginning is
    /// carried over.
    private mutating func scan() throws(OperatorError) -> Record? {
        var start = place
        while place < piece.count {
            let byte = piece[place]
            let verdict = try judge(byte)
            place += 1
            if verdict == .behind {
                let record = record(of: piece[start..<place - 1], fault: nil)
                count(byte)
                firstLine = line
                if let record { return record }
                start = place
            } else {
                count(byte)
                if verdict == .before {
                    start = place
                    firstLine = line
                }
            }
        }
        carry(piece[start...])
        return nil
    }

    private mutating func judge(_ byte: UInt8) throws(OperatorError) -> BoundaryVerdict {
        do throws(InputFault) {
            return try boundary.take(byte, line: line)
        } catch {
            throw refusal(error)
        }
    }

    /// Lines end with LF, CR or both, as they do for whoever looks the row up in an editor.
    private mutating func count(_ byte: UInt8) {
        if byte == .carriageReturn || byte == .lineFeed && !endedWithCR { line += 1 }
        endedWithCR = byte == .carriageReturn
    }

    private mutating func carry(_ bytes: ArraySlice<UInt8>) {
        if carried.count + bytes.count > Self.longest { isTooLong = true }
        if isTooLong { carried = [] } else { carried += bytes }
    }

    private mutating func record(of bytes: ArraySlice<UInt8>, fault: RowFault?) -> Record? {
        defer {
            carried = []
            isTooLong = false
        }
        if let fault { return Record(line: firstLine, content: .failure(fault)) }
        if isTooLong || carried.count + bytes.count > Self.longest {
            let fault = RowFault("longer than \(Self.longest) bytes: no row needs that many")
            return Record(line: firstLine, content: .failure(fault))
        }
        let whole = carried.isEmpty ? bytes : carried[...] + bytes
        return whole.isEmpty ? nil : Record(line: firstLine, content: .success(whole))
    }
}
