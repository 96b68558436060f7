/// What was set of a record's fields that the simulator does nothing else with.
struct FieldValues: Sendable {
    private var values: [JSON]
    private let entity: Entity

    /// As they are after a conversion.
    init(of entity: Entity) {
        self.entity = entity
        values = Self.names(of: entity).map {
            $0.name == "StageName" ? .string("Prospecting") : .null
        }
    }

    /// All of them, always in the same order.
    var members: [JSON.Member] {
        zip(Self.names(of: entity), values).map { JSON.Member($0.name, $1) }
    }

    /// What a field takes.
    enum Form {
        case text(Int), number, date
    }

    static func names(of entity: Entity) -> [(name: String, form: Form)] {
        switch entity {
        case .account:
            [
                ("Website", .text(255)), ("Industry", .text(255)), ("Phone", .text(40)),
                ("Description", .text(32_000)), ("AnnualRevenue", .number), ("Tier__c", .text(20)),
            ]
        case .contact:
            [
                ("Title", .text(128)), ("Phone", .text(40)), ("Department", .text(80)),
                ("Description", .text(32_000)), ("Score__c", .number), ("Summary__c", .text(255)),
            ]
        case .opportunity:
            [
                ("StageName", .text(255)), ("Amount", .number), ("CloseDate", .date),
                ("NextStep", .text(255)), ("Description", .text(32_000)),
            ]
        default: []
        }
    }

    /// Sets fields, all or none.
    mutating func set(_ fields: [(String, WrittenValue)]) throws(WriteFailure) {
        var next = values
        let names = Self.names(of: entity)
        for (name, value) in fields {
            guard let place = names.firstIndex(where: { $0.name.lowercased() == name.lowercased() })
            else {
                throw WriteFailure(
                    "INVALID_FIELD",
                    "No such column '\(name)' on sobject of type \(entity.rawValue)")
            }
            next[place] = try value.json(as: names[place].form, of: names[place].name)
        }
        values = next
    }
}

/// A note on a record.
struct NoteRecord: Record {
    var id: Identifier
    var parentID: Identifier
    var title: String
    var body: String
    var at: String
    var isDeleted = false

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)), .init("ParentId", .string(parentID.text)),
            .init("Title", .string(title)), .init("Body", .string(body)),
            .init("CreatedById", .string(Org.integrationUser.text)),
            .init("CreatedDate", .string(at)), .init("IsDeleted", .bool(isDeleted)),
        ]
    }
}

/// A task about a contact.
struct TaskRecord: Record {
    var id: Identifier
    var whoID: Identifier?
    var whatID: Identifier?
    var subject: String
    var description: String?
    var due: String?
    var ownerID = Org.integrationUser
    var at: String
    var isDeleted = false

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)), .init("WhoId", .text(whoID?.text)),
            .init("WhatId", .text(whatID?.text)), .init("Subject", .string(subject)),
            .init("Description", .text(description)), .init("ActivityDate", .text(due)),
            .init("Status", .string("Not Started")), .init("OwnerId", .string(ownerID.text)),
            .init("CreatedById", .string(Org.integrationUser.text)),
            .init("CreatedDate", .string(at)), .init("IsDeleted", .bool(isDeleted)),
        ]
    }
}

/// Why a record was not written.
struct WriteFailure: Error {
    var code: String
    var message: String

    init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}
