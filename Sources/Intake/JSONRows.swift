import Conversion

/// The rows of a JSON input: elements of an array, or lines.
struct JSONRows<Boundary: RecordBoundary>: RowSource {
    private var records: RecordSplitter<Boundary>
    private let mapping: Mapping
    /// The fields that keys were taken for by the names that Salesforce gives them, and these names.
    private var exported: [LeadField: String] = [:]

    init(_ source: ByteSource, boundary: Boundary, mapping: Mapping) {
        records = RecordSplitter(source, boundary: boundary)
        self.mapping = mapping
    }

    /// Of records of a query nobody expects other names.
    var notes: [String] {
        let taken = LeadField.allCases.compactMap { field in
            exported[field].map { "\(field) from \($0)" }
        }
        return taken.isEmpty || mapping.readsRecords
            ? [] : ["keys: " + taken.joined(separator: ", ")]
    }

    mutating func next() throws(OperatorError) -> RowResult? {
        guard let record = try records.nextOfText() else { return nil }
        var names: [LeadField: String] = [:]
        let result = RowResult(line: record.line, mapping) { () throws(RowError) -> JSONRow in
            let row = try JSONRow(try record.content.get(), mapping: mapping)
            names = row.exported
            return row
        }
        if !names.isEmpty { exported.merge(names) { first, _ in first } }
        return result
    }
}

/// A row that is a JSON object.
struct JSONRow: Row {
    private let object: Value
    private var named = [Value?](repeating: nil, count: LeadField.allCases.count)
    /// The fields that keys were taken for by the names that Salesforce gives them, and these names.
    private(set) var exported: [LeadField: String] = [:]

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
        for (field, names) in LeadField.exported
        where named[field.rawValue] == nil && mapping.takesByName(field) {
            try takeExported(field, names, from: members)
        }
    }

    /// Takes the value under a name that Salesforce gives a field, the surest of them that is there.
    private mutating func takeExported(
        _ field: LeadField, _ names: [String], from members: [Value.Member]
    ) throws(RowError) {
        for name in names {
            let found = members.filter { Self.isSame($0.name, name) }
            guard let member = found.first else { continue }
            guard found.count == 1 else { throw RowError("two keys name it: leave one").of(field) }
            named[field.rawValue] = member.value
            exported[field] = member.name
            return
        }
    }

    /// Whether they are one name, in any case.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        // Asked for each key of each row; nearly none is as long.
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }

    func value(of field: LeadField) -> Value? {
        named[field.rawValue]
    }

    func value(at path: TemplatePath) -> Value? {
        for reading in path.readings {
            if let value = object.child(reading.name) { return value }
            guard !reading.steps.isEmpty else { continue }
            let place = reading.steps.reduce(Value?.some(object)) { $0?.child($1) }
            if let place { return place }
        }
        return nil
    }
}
