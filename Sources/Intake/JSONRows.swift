import Conversion

/// The rows of a JSON input: elements of an array, or lines.
struct JSONRows<Boundary: RecordBoundary>: RowSource {
    private var records: RecordSplitter<Boundary>
    private let mapping: Mapping

    init(_ source: ByteSource, boundary: Boundary, mapping: Mapping) {
        records = RecordSplitter(source, boundary: boundary)
        self.mapping = mapping
    }

    var notes: [String] { [] }

    mutating func next() throws(OperatorError) -> RowResult? {
        guard let record = try records.nextOfText() else { return nil }
        return RowResult(line: record.line) { () throws(RowError) in
            try mapping.lead(from: JSONRow(try record.content.get(), mapping: mapping))
        }
    }
}

/// A row that is a JSON object.
struct JSONRow: Row {
    private let object: Value
    private var named = [Value?](repeating: nil, count: LeadField.allCases.count)

    /// - Throws: when it isn't an object, or when two of its keys name a field that `mapping`
    ///   takes by name.
    init(_ bytes: ArraySlice<UInt8>, mapping: Mapping) throws(RowError) {
        object = try JSONParser.parse(bytes)
        guard case .object(let members) = object else {
            throw RowError("not an object: a row is written {\"leadId\": \"00Q...\", ...}")
        }
        for member in members {
            guard let field = LeadField(named: member.name), mapping.takesByName(field) else {
                continue
            }
            guard named[field.rawValue] == nil else {
                throw RowError("two keys name it: leave one").of(field)
            }
            named[field.rawValue] = member.value
        }
    }

    func value(of field: LeadField) -> Value? {
        named[field.rawValue]
    }

    func value(at path: TemplatePath) -> Value? {
        for reading in path.readings {
            if let value = object.child(reading.name) { return value }
            let place = reading.steps.reduce(Value?.some(object)) { $0?.child($1) }
            if let place { return place }
        }
        return nil
    }
}
