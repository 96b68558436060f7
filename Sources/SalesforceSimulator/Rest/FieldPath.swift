/// A field of an object, or of one that it refers to: `Company`, `Owner.IsActive`.
struct FieldPath: Sendable {
    /// The relationship that it goes by, if any.
    let relationship: Relationship?
    /// The field's name as the object has it.
    let name: String
    /// Where the field itself, or the id of the relationship, stands among the object's fields.
    private let column: Int

    /// Reads a path; names are read without case.
    init(_ text: String, of entity: Entity, in org: Org) throws(Refusal) {
        let steps = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard steps.count == 2 else {
            relationship = nil
            column = try Self.column(text, of: entity, in: org)
            name = Org.fieldNames[entity, default: []][column]
            return
        }
        let found = Relationship.all.first {
            $0.from == entity && $0.name.lowercased() == steps[0].lowercased()
        }
        guard let found else {
            throw Refusal(
                code: "INVALID_FIELD",
                message: "Didn't understand relationship '\(steps[0])' in field path")
        }
        relationship = found
        column = try Self.column(found.id, of: entity, in: org)
        name = try found.field(steps[1], in: org)
    }

    func value(of fields: [JSON.Member], in org: Org) -> JSON {
        guard let relationship else { return fields[column].value }
        guard let record = relationship.record(fields[column].value, in: org) else { return .null }
        return relationship.value(name, of: record)
    }

    /// The record that it leads to, if it leads to another.
    func target(of fields: [JSON.Member], in org: Org) -> (any Record)? {
        relationship?.record(fields[column].value, in: org)
    }

    fileprivate static func column(
        _ field: String, of entity: Entity, in org: Org
    ) throws(Refusal) -> Int {
        let wanted = field.lowercased()
        let names = Org.fieldNames[entity, default: []]
        guard let column = names.firstIndex(where: { $0.lowercased() == wanted }),
            org.shows(column, of: entity)
        else {
            throw Refusal(
                code: "INVALID_FIELD",
                message: "No such column '\(field)' on sobject of type \(entity.rawValue)")
        }
        return column
    }
}

/// How one object refers to another.
struct Relationship: Sendable {
    var from: Entity
    var name: String
    /// The field that holds the other's id.
    var id: String
    /// The objects that the other may be of; of several, it is shown as a Name.
    var targets: [Entity]

    static let all = [
        Relationship(from: .lead, name: "Owner", id: "OwnerId", targets: [.user, .queue]),
        Relationship(from: .account, name: "Owner", id: "OwnerId", targets: [.user]),
        Relationship(from: .contact, name: "Owner", id: "OwnerId", targets: [.user]),
        Relationship(from: .contact, name: "Account", id: "AccountId", targets: [.account]),
        Relationship(from: .opportunity, name: "Account", id: "AccountId", targets: [.account]),
        Relationship(from: .campaignMember, name: "Lead", id: "LeadId", targets: [.lead]),
        Relationship(from: .campaignMember, name: "Contact", id: "ContactId", targets: [.contact]),
    ]

    var shownType: String { targets.count == 1 ? targets[0].rawValue : "Name" }

    fileprivate func field(_ name: String, in org: Org) throws(Refusal) -> String {
        for target in targets {
            let known = Org.fieldNames[target, default: []]
            if let field = known.first(where: { $0.lowercased() == name.lowercased() }) {
                return field
            }
        }
        throw Refusal(
            code: "INVALID_FIELD", message: "No such column '\(name)' on entity '\(shownType)'")
    }

    fileprivate func record(_ id: JSON, in org: Org) -> (any Record)? {
        guard case .string(let text) = id, let id = Identifier(text) else { return nil }
        return targets.lazy.compactMap { org.record($0, id) }.first
    }

    /// What one kind of owner has and the other has not: a queue is never active, a user is no queue.
    fileprivate func value(_ name: String, of record: any Record) -> JSON {
        if let member = record.fields.first(where: { $0.name == name }) { return member.value }
        return name == "Type" ? .string("User") : name == "IsActive" ? .bool(false) : .null
    }
}

extension Org {
    /// Whether the object has this field here: those of person accounts come with that feature.
    func shows(_ column: Int, of entity: Entity) -> Bool {
        hasPersonAccounts
            || !["IsPersonAccount", "PersonContactId"].contains(
                Self.fieldNames[entity, default: []][column])
    }
}
