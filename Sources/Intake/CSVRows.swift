import Conversion

/// The rows of a CSV input, below their header.
struct CSVRows: RowSource {
    private var scanner: CSVScanner
    private let columns: ColumnNames
    private let mapping: Mapping
    private var footer = ReportFooter()
    /// Rows that turned out to be none of a footer.
    private var released: ArraySlice<RowResult> = []

    init(_ source: ByteSource, mapping: Mapping) throws(OperatorError) {
        scanner = CSVScanner(source)
        self.mapping = mapping
        guard let header = try scanner.header() else {
            throw OperatorError(
                .dataRefused, "\(source.name): empty, not even a header line.",
                remedy: "Write a header line such as leadId,convertedStatus."
            )
        }
        do throws(InputError) {
            columns = try Self.columns(header, mapping: mapping)
        } catch {
            throw error.of(source.name)
        }
    }

    var notes: [String] {
        columns.notes
            + (footer.lines == 0 ? [] : ["left out: \(footer.lines) lines of a report's footer"])
    }

    mutating func next() throws(OperatorError) -> RowResult? {
        while released.isEmpty {
            guard let record = try scanner.next() else {
                released = footer.end()[...]
                return released.popFirst()
            }
            let result = read(record)
            // Nearly all rows.
            if footer.isEmpty, case .success = result.lead { return result }
            released = footer.pass(record, result)[...]
        }
        return released.popFirst()
    }

    private func read(_ record: CSVRecord) -> RowResult {
        RowResult(line: record.line, mapping) { () throws(RowError) -> CSVRow in
            try CSVRow(record, columns: columns)
        }
    }

    private static func columns(
        _ header: CSVRecord, mapping: Mapping
    ) throws(InputError) -> ColumnNames {
        switch header.content {
        case .success(let cells):
            let names = cells.map { header.text(of: $0) }
            return try ColumnNames(names, of: .header(line: header.line), mapping: mapping)
        case .failure(let error):
            throw InputError(
                sentence: error.reason, remedy: "The first line must name the columns.",
                line: header.line)
        }
    }
}

/// A row that is a CSV record.
private struct CSVRow: Row {
    private let record: CSVRecord
    private let cells: [CSVRecord.Cell]
    private let columns: ColumnNames

    /// - Throws: when it hasn't as many cells as the header.
    init(_ record: CSVRecord, columns: ColumnNames) throws(RowError) {
        self.record = record
        self.columns = columns
        cells = try record.content.get()
        guard cells.count == columns.count else {
            let remedy =
                cells.count > columns.count
                ? "put a cell that holds the separator in quotes" : "leave empty cells empty"
            throw RowError(
                "the header names \(columns.count) columns, this row has \(cells.count): \(remedy)"
            )
        }
    }

    func value(of field: LeadField) -> Value? {
        columns.column(of: field).map { .text(record.text(of: cells[$0])) }
    }

    func value(at path: TemplatePath) -> Value? {
        columns.column(at: path).map { .text(record.text(of: cells[$0])) }
    }
}

/// The last lines of a report as Salesforce exports it, one cell with text each: behind a blank line its
/// name, then a copyright, who made it and when.
///
/// They are told from rows at the input's end alone, and held back until then. A mistyped row is not
/// to be lost among them: one that may hold a lead's id is never held, and before the first line
/// that marks a footer none but the report's name.
private struct ReportFooter {
    private static let longest = 20

    private var held: [RowResult] = []
    private var isMarked = false
    /// How many lines were left out.
    private(set) var lines = 0

    /// Whether nothing is held back.
    var isEmpty: Bool { held.isEmpty }

    /// Looks at the next row.
    /// - Returns: The rows that are no part of it, in their order.
    mutating func pass(_ record: CSVRecord, _ result: RowResult) -> [RowResult] {
        guard let line = Self.line(record, result), held.count < Self.longest else {
            return release() + [result]
        }
        if isMarked {
            held.append(result)
            return []
        }
        isMarked = Self.marksReport(line)
        if isMarked, !record.followsBlankLine {
            held.append(result)
            return []
        }
        let others = held
        let mayBegin = isMarked || record.followsBlankLine
        held = mayBegin ? [result] : []
        return mayBegin ? others : others + [result]
    }

    /// What was held back at the input's end, unless it is a footer.
    mutating func end() -> [RowResult] {
        if isMarked { lines = held.count }
        return isMarked ? [] : release()
    }

    private mutating func release() -> [RowResult] {
        defer { (held, isMarked) = ([], false) }
        return held
    }

    /// The one cell of a row that can't be added and holds no lead's id. A spreadsheet puts empty ones
    /// behind it.
    private static func line(_ record: CSVRecord, _ result: RowResult) -> String? {
        guard case .failure = result.lead, case .success(let cells) = record.content,
            let first = cells.first,
            cells.dropFirst().allSatisfy({ record.bytes[$0.range].allSatisfy(\.isBlank) })
        else { return nil }
        let line = String(record.text(of: first).trimmed)
        return line.uppercased().hasPrefix("00Q") ? nil : line
    }

    private static func marksReport(_ line: String) -> Bool {
        let line = line.lowercased()
        return line.hasPrefix("copyright") && line.contains("salesforce")
            || line.hasPrefix("confidential information - do not distribute")
            || line.hasPrefix("generated by:")
    }
}
