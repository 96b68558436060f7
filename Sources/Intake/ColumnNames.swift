/// Which column of a table is what, by the columns' names.
struct ColumnNames {
    /// Why nothing of the table can be taken.
    struct Fault: Error {
        /// What is wrong.
        let sentence: String
        /// What to type.
        let remedy: String
    }

    /// How many there are.
    let count: Int

    /// For each field the column of its name.
    private var fields = [Int?](repeating: nil, count: LeadField.allCases.count)
    /// Columns by name, in lower case; nil where two share one name.
    private var columns: [String: Int?] = [:]

    /// Holds the names against what the mapping needs.
    /// - Parameter table: What has them, for messages: a header, a query.
    init(_ names: [String], of table: String, mapping: Mapping) throws(Fault) {
        count = names.count
        for (index, name) in names.enumerated() {
            let name = name.trimmed.lowercased()
            guard !name.isEmpty else { continue }
            columns[name] = .some(columns.keys.contains(name) ? nil : index)
            try addField(named: name, column: index, mapping: mapping)
        }
        try checkFields(mapping, of: table)
        try checkPaths(mapping)
        try checkEmail(mapping, of: table)
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

    private mutating func addField(
        named name: String, column: Int, mapping: Mapping
    ) throws(Fault) {
        guard let field = LeadField(named: name), mapping.takesByName(field) else { return }
        guard fields[field.rawValue] == nil else {
            throw Fault(
                sentence: "two columns name \(field)", remedy: "Take one out or rename it."
            )
        }
        fields[field.rawValue] = column
    }

    private func checkFields(_ mapping: Mapping, of table: String) throws(Fault) {
        for field in LeadField.allCases where field.isRequired && mapping.takesByName(field) {
            guard column(of: field) == nil else { continue }
            throw Fault(
                sentence: "the \(table) has no column \(field)", remedy: remedy(for: field)
            )
        }
    }

    /// A path without a column is each row's own fault; one with two of them is the table's.
    private func checkPaths(_ mapping: Mapping) throws(Fault) {
        for (field, path) in mapping.paths where column(at: path) == nil {
            let isTwice = path.readings.contains { columns.keys.contains($0.name.lowercased()) }
            guard isTwice else { continue }
            throw Fault(
                sentence: "two columns are called \(path.text), which \(field) is made from",
                remedy: "Rename one of them."
            )
        }
    }

    /// What `--match-contact` goes by.
    private func checkEmail(_ mapping: Mapping, of table: String) throws(Fault) {
        guard !mapping.emailPaths.isEmpty, column(of: .matchEmail) == nil else { return }
        let isThere = mapping.emailPaths.contains { column(at: $0) != nil }
        guard !isThere else { return }
        let isTwice = columns.keys.contains("email")
        throw Fault(
            sentence: isTwice
                ? "two columns are called Email, which --match-contact asks for"
                : "the \(table) has no column Email, which --match-contact asks for",
            remedy: remedy(for: .matchEmail)
        )
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
        default:
            "Name the column that holds it, --map '\(field)={{COLUMN}}', or one value for all "
                + "rows: --map '\(field)=Closed - Converted'."
        }
    }
}
