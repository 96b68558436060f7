public import Conversion

/// Which part of a row makes which field of the conversion.
public struct Mapping: Sendable {
    /// Fields that a template makes.
    private var templates: [LeadField: Template] = [:]
    /// Whether the other fields come from the columns or keys of their names.
    private let takesOthersByName: Bool
    /// Whether each lead's contact is searched for by the row's Email, unless something else makes the
    /// field `matchEmail`.
    public var matchesContacts = false
    /// Whether the group's key is the domain of the address that its template makes.
    private(set) var groupsByDomain = false
    /// Whether accounts are searched for that have the key of a group.
    public var matchesAccounts = false
    /// Whether the rows are records as a query of Salesforce gives them.
    public var readsRecords = false
    /// The status of rows that name none.
    public var defaultStatus: String?
    /// What follows the conversion, and what goes along to an Apex action.
    public var followUps = FollowUpTemplates()

    /// Every field comes from the column or key of its name.
    public init() {
        takesOthersByName = true
    }

    /// Every field is as a JSON object says, whose values are templates: it is the whole request,
    /// so that fields it leaves out are absent.
    /// - Throws: 65 when the object can't be read or names no field of ours.
    public init(template source: ByteSource) throws(OperatorError) {
        takesOthersByName = false
        let bytes = Array(try source.text().utf8)
        do throws(RowError) {
            guard case .object(let members) = try JSONParser.parse(bytes[...]) else {
                throw RowError("it must be one JSON object")
            }
            for member in members { try set(member) }
        } catch {
            throw OperatorError(
                .dataRefused,
                "\(source.name): \(error.reason)\(error.reason.hasSuffix(".") ? "" : ".")")
        }
    }

    /// Sets one field: `opportunityName={{Company}} - Q3`.
    /// - Throws: 64 when it is not `FIELD=TEMPLATE`.
    public mutating func set(_ assignment: String) throws(OperatorError) {
        guard let sign = assignment.firstIndex(of: "=") else {
            throw OperatorError(
                .usage, "--map \(assignment): no = in it.",
                remedy: "Write --map 'FIELD=TEMPLATE', e.g. --map 'leadId={{Id}}'."
            )
        }
        let name = assignment[..<sign]
        guard let field = LeadField(named: name) else {
            throw OperatorError(.usage, "--map: no field is called \(name).", remedy: Self.names)
        }
        do {
            templates[field] = try Template(String(assignment[assignment.index(after: sign)...]))
        } catch {
            throw OperatorError(.usage, "--map \(field): \(error).")
        }
    }

    /// Sets the status of rows that name none, as a flag or a setting gives it.
    /// - Parameter name: What gives it, for messages.
    /// - Throws: `status` when it is no status for all rows.
    public mutating func setDefaultStatus(
        _ text: String, of name: String, refusing status: ExitStatus
    ) throws(OperatorError) {
        do throws(RowError) {
            guard let text = try Value.text(text).readAsText() else {
                throw RowError("it is blank")
            }
            guard !text.contains("{{") else {
                throw RowError(
                    "it is one status for all; a template goes with --map 'convertedStatus=...'")
            }
            defaultStatus = text
        } catch {
            throw OperatorError(status, "\(name): \(error.reason).")
        }
    }

    /// Has leads share one new account that have the same in a column, or from a template.
    /// - Throws: 64 when the template can't be read.
    public mutating func group(by column: String) throws(OperatorError) {
        try group(by: column, option: "--group-by")
    }

    /// Has leads share one account whose addresses have the same domain, but not one of a provider
    /// that gives addresses to anybody.
    /// - Throws: 64 when the template can't be read.
    public mutating func group(byDomainOf column: String) throws(OperatorError) {
        try group(by: column, option: "--group-by-domain")
        groupsByDomain = true
    }

    private mutating func group(by column: String, option: String) throws(OperatorError) {
        do {
            let isTemplate = column.contains("{{")
            templates[.groupKey] = try Template(isTemplate ? column : "{{\(column)}}")
        } catch {
            throw OperatorError(.usage, "\(option) \(column): \(error).")
        }
    }

    /// Where the address stands of the contact to search for; empty when nothing but the field says.
    var emailPaths: [TemplatePath] {
        guard matchesContacts, templates[.matchEmail] == nil else { return [] }
        return [TemplatePath(name: "Email"), TemplatePath(name: "email")]
    }

    /// Whether the field comes from the column or key of its name.
    func takesByName(_ field: LeadField) -> Bool {
        takesOthersByName && template(of: field) == nil
    }

    /// Whether the field must have a column or key of its name.
    func needsColumn(_ field: LeadField) -> Bool {
        isRequired(field) && takesByName(field)
    }

    private func isRequired(_ field: LeadField) -> Bool {
        field.isRequired && (field != .convertedStatus || defaultStatus == nil)
    }

    /// What makes the field: nil when its name does, or nothing.
    func template(of field: LeadField) -> Template? {
        // Asked for each field of each row, and mostly there is none.
        templates.isEmpty ? nil : templates[field]
    }

    /// - Throws: 65 when a field is left out that a conversion can't do without.
    func requireFields() throws(OperatorError) {
        for field in LeadField.allCases where isRequired(field) {
            guard !takesByName(field), templates[field] == nil else { continue }
            throw OperatorError(
                .dataRefused, "The template has no \(field).",
                remedy: "Add it there, or type --map '\(field)=...'."
            )
        }
    }

    /// Every place of a row that the templates ask for.
    var paths: [(use: String, path: TemplatePath)] {
        LeadField.allCases.flatMap { field in
            (templates[field]?.paths ?? []).map { (field.description, $0) }
        } + followUps.paths
    }

    private static var names: String {
        "The fields are \(LeadField.allCases.map(\.description).joined(separator: ", "))."
    }

    private mutating func set(_ member: Value.Member) throws(RowError) {
        guard let field = LeadField(named: member.name) else {
            throw RowError("no field is called \(member.name). \(Self.names)")
        }
        guard templates[field] == nil else { throw RowError("it stands there twice").of(field) }
        switch member.value {
        case .null:
            break
        case .flag(let flag):
            templates[field] = Template(literal: String(flag))
        case .number(let text):
            templates[field] = Template(literal: text)
        case .text(let text):
            do {
                templates[field] = try Template(text)
            } catch {
                throw RowError(error.description).of(field)
            }
        case .list, .object:
            throw RowError("it must be a text such as {{row.COLUMN}}").of(field)
        }
    }
}
