/// Which column of a table is what, by the columns' names.
struct ColumnNames {
    /// What has the columns.
    enum Table {
        case header(line: Int)
        case query

        fileprivate var name: String {
            switch self {
            case .header: "header"
            case .query: "query"
            }
        }

        fileprivate var line: Int? {
            if case .header(let line) = self { line } else { nil }
        }
    }

    var count: Int { names.count }

    private let names: [String]
    private let table: Table
    /// For each field the column of its name.
    private var fields = [Int?](repeating: nil, count: LeadField.allCases.count)
    /// Columns by name, in lower case; nil where two share one name.
    private var columns: [String: Int?] = [:]
    /// Whether a column was taken by the name that Salesforce gives it.
    private var usesExportNames = false

    /// Holds the names against what the mapping needs.
    init(_ names: [String], of table: Table, mapping: Mapping) throws(InputError) {
        self.names = names
        self.table = table
        for (index, name) in names.enumerated() {
            let name = name.trimmed.lowercased()
            guard !name.isEmpty else { continue }
            columns[name] = .some(columns.keys.contains(name) ? nil : index)
            try addField(named: name, column: index, mapping: mapping)
        }
        if case .header = table { try addExportedFields(mapping) }
        try checkFields(mapping)
        try checkPaths(mapping)
        try checkEmail(mapping)
    }

    /// The column of the field's name.
    func column(of field: LeadField) -> Int? {
        fields[field.rawValue]
    }

    /// The column that a placeholder names.
    func column(at path: TemplatePath) -> Int? {
        for reading in path.readings {
            if case .some(.some(let column)) = columns[reading.name.lowercased()] { return column }
        }
        return nil
    }

    /// What the columns were taken for, where that is not plain from their names.
    var notes: [String] {
        guard usesExportNames else { return [] }
        let taken = LeadField.allCases.compactMap { field in
            column(of: field).map { "\(field) from \(names[$0].trimmed)" }
        }
        let others = count - taken.count
        let rest = others == 0 ? "" : "; \(others) other\(others == 1 ? "" : "s") not named a field"
        return ["columns: \(taken.joined(separator: ", "))\(rest)"]
    }

    private mutating func addField(
        named name: String, column: Int, mapping: Mapping
    ) throws(InputError) {
        guard let field = LeadField(named: name), mapping.takesByName(field) else { return }
        guard fields[field.rawValue] == nil else {
            throw error("two columns name \(field)", "Take one out or rename it.")
        }
        fields[field.rawValue] = column
    }

    /// Takes columns that Salesforce has named, for the fields that no column names.
    private mutating func addExportedFields(_ mapping: Mapping) throws(InputError) {
        for (field, names) in LeadField.exported
        where mapping.takesByName(field) && fields[field.rawValue] == nil {
            guard let name = names.first(where: { columns.keys.contains($0.lowercased()) }),
                let column = columns[name.lowercased()]
            else { continue }
            guard let column else {
                throw error("two columns are called \(name)", "Take one out or rename it.")
            }
            fields[field.rawValue] = column
            usesExportNames = true
        }
    }

    private func checkFields(_ mapping: Mapping) throws(InputError) {
        for field in LeadField.allCases where mapping.needsColumn(field) {
            guard column(of: field) == nil else { continue }
            throw error("the \(table.name) has no column \(field)", remedy(for: field))
        }
    }

    /// A path without a column is each row's own error; one with two of them is the table's.
    private func checkPaths(_ mapping: Mapping) throws(InputError) {
        for (use, path) in mapping.paths where column(at: path) == nil {
            let isTwice = path.readings.contains { columns.keys.contains($0.name.lowercased()) }
            guard isTwice else { continue }
            throw error(
                "two columns are called \(path.text), which \(use) is made from",
                "Rename one of them.")
        }
    }

    /// What `--match-contact` goes by.
    private func checkEmail(_ mapping: Mapping) throws(InputError) {
        guard !mapping.emailPaths.isEmpty, column(of: .matchEmail) == nil else { return }
        let isThere = mapping.emailPaths.contains { column(at: $0) != nil }
        guard !isThere else { return }
        let isTwice = columns.keys.contains("email")
        throw error(
            isTwice
                ? "two columns are called Email, which --match-contact asks for"
                : "the \(table.name) has no column Email, which --match-contact asks for",
            remedy(for: .matchEmail))
    }

    private func error(_ sentence: String, _ remedy: String) -> InputError {
        InputError(sentence: sentence, remedy: remedy, line: table.line)
    }

    /// What to type. The names aren't repeated: where a header is missing, its place is taken by
    /// somebody's data.
    private func remedy(for field: LeadField) -> String {
        switch field {
        case .leadID where columns.keys.contains("id"):
            "If its column Id holds the leads' ids, type --map 'leadId={{Id}}'."
        case .leadID:
            "Name the column that holds it: --map 'leadId={{COLUMN}}'."
        case .matchEmail:
            "Name the column that holds it: --map 'matchEmail={{COLUMN}}'."
        case .convertedStatus:
            "Name the column that holds it, --map 'convertedStatus={{COLUMN}}', or one status for all "
                + "rows: --converted-status 'Closed - Converted'. LEADCONVERT_CONVERTED_STATUS is "
                + "read from the environment and the file of --env-file."
        default:
            "Name the column that holds it, --map '\(field)={{COLUMN}}', or one value for all "
                + "rows: --map '\(field)=Closed - Converted'."
        }
    }
}
