import Conversion

/// The rows of an input of one format.
protocol RowStream {
    /// The next row, or nil at the end.
    /// - Throws: what makes the input as a whole unusable.
    mutating func next() throws(OperatorError) -> RowResult?
}

/// What a row asks for, or why not, and where it begins.
struct RowResult {
    let line: Int
    let lead: Result<LeadConversion, RowFault>
}

extension Record {
    /// What the row comes to when `lead` makes a conversion of its bytes.
    func read(
        _ lead: (ArraySlice<UInt8>) throws(RowFault) -> LeadConversion
    ) -> RowResult {
        do throws(RowFault) {
            return RowResult(line: line, lead: .success(try lead(try content.get())))
        } catch {
            return RowResult(line: line, lead: .failure(error))
        }
    }
}

extension RecordSplitter {
    /// The next record that isn't blank, which is known to be text.
    ///
    /// One record in another encoding condemns the input: its neighbours may look like UTF-8 and
    /// still hold other characters than their author saw.
    mutating func nextOfText() throws(OperatorError) -> Record? {
        while let record = try next() {
            guard case .success(let bytes) = record.content else { return record }
            guard bytes.isUTF8Text else { throw refusal(.notText(line: record.line)) }
            if !bytes.allSatisfy(\.isBlank) { return record }
        }
        return nil
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
