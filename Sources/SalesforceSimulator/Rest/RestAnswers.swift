/// Reads some fields of an object's records, as REST shows them.
struct RecordReader {
    private let org: Org
    private let entity: Entity
    private let columns: [Int]
    private let version: String

    /// - Parameter fields: what to show; nothing means every field.
    /// - Throws: a refusal when the object has no such field.
    init(
        _ org: Org, _ entity: Entity, _ fields: [String], _ version: String
    ) throws(Refusal) {
        var columns: [Int] = []
        for field in fields { columns.append(try Self.column(field, of: entity, in: org)) }
        self.org = org
        self.entity = entity
        self.columns =
            columns.isEmpty
            ? Org.fieldNames[entity, default: []].indices.filter { org.shows($0, of: entity) }
            : columns
        self.version = version
    }

    /// Where a field stands among the object's fields; names are read without case.
    static func column(
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

    /// One record, or the 404.
    func one(_ text: String) throws(Refusal) -> JSON {
        guard let record = record(text) else { throw .notFound() }
        return json(record)
    }

    /// The records in the order of their ids, null for what is malformed, unknown or deleted.
    func all(_ ids: [String]) -> [JSON] {
        ids.map { record($0).map(json) ?? .null }
    }

    func json(_ record: any Record) -> JSON {
        let url = "/services/data/v\(version)/sobjects/\(entity.rawValue)/\(record.id.text)"
        let attributes = JSON.object(["type": .string(entity.rawValue), "url": .string(url)])
        let fields = record.fields
        return .object([JSON.Member("attributes", attributes)] + columns.map { fields[$0] })
    }

    private func record(_ text: String) -> (any Record)? {
        guard let id = Identifier(text), let record = org.record(entity, id), !record.isDeleted
        else { return nil }
        return record
    }
}

extension Org {
    /// Whether the object has this field here: those of person accounts come with that feature.
    fileprivate func shows(_ column: Int, of entity: Entity) -> Bool {
        hasPersonAccounts
            || !["IsPersonAccount", "PersonContactId"].contains(
                Self.fieldNames[entity, default: []][column])
    }
}

/// The answer to `/limits`, trimmed to what is worth simulating.
enum Limits {
    static func json(_ usage: Usage) -> JSON {
        .object([
            "ConcurrentSyncReportRuns": limit(20, 20),
            "DailyApiRequests": .object([
                "Max": .int(usage.limit), "Remaining": .int(max(0, usage.limit - usage.used)),
                "Workbench": limit(0, 0),
            ]),
            "DailyAsyncApexExecutions": limit(250_000, 250_000),
            "DailyBulkApiRequests": limit(10_000, 10_000),
            "DataStorageMB": limit(1024, 900),
        ])
    }

    private static func limit(_ max: Int, _ remaining: Int) -> JSON {
        .object(["Max": .int(max), "Remaining": .int(remaining)])
    }
}

/// The answer to `/sobjects`: every object that the user sees, and what it may do with it.
enum Describe {
    static func json(_ org: Org, _ version: String) -> JSON {
        let objects = Entity.allCases.filter { !org.rights.hidden.contains($0) }
            .map { object($0, isWritable: isWritable($0, org), version) }
        return .object([
            "encoding": .string("UTF-8"), "maxBatchSize": .int(200), "sobjects": .array(objects),
        ])
    }

    private static func isWritable(_ entity: Entity, _ org: Org) -> Bool {
        switch entity {
        case .lead, .account, .contact, .opportunity: !org.rights.readOnly.contains(entity)
        case .user, .queue, .leadStatus, .organization, .permissions: false
        }
    }

    private static func object(_ entity: Entity, isWritable: Bool, _ version: String) -> JSON {
        let url = "/services/data/v\(version)/sobjects/\(entity.rawValue)"
        return .object([
            "createable": .bool(isWritable), "custom": .bool(false),
            "deletable": .bool(isWritable), "keyPrefix": .string(entity.prefix),
            "label": .string(entity.rawValue), "name": .string(entity.rawValue),
            "queryable": .bool(true), "updateable": .bool(isWritable),
            "urls": .object(["sobject": .string(url), "describe": .string("\(url)/describe")]),
        ])
    }
}
