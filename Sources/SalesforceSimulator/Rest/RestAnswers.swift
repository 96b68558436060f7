/// Reads some fields of an object's records, as REST shows them.
struct RecordReader {
    private let org: Org
    private let entity: Entity
    private let paths: [FieldPath]
    private let version: String

    /// - Parameter fields: what to show; nothing means every field.
    /// - Throws: a refusal when the object has no such field.
    init(
        _ org: Org, _ entity: Entity, _ fields: [String], _ version: String
    ) throws(Refusal) {
        let names = Org.fieldNames[entity, default: []]
        let all = names.indices.filter { org.shows($0, of: entity) }.map { names[$0] }
        var paths: [FieldPath] = []
        for field in fields.isEmpty ? all : fields {
            paths.append(try FieldPath(field, of: entity, in: org))
        }
        self.org = org
        self.entity = entity
        self.paths = paths
        self.version = version
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
        let fields = record.fields
        var members = [JSON.Member("attributes", attributes(record, entity.rawValue))]
        for path in paths {
            guard let relationship = path.relationship else {
                members.append(.init(path.name, path.value(of: fields, in: org)))
                continue
            }
            // All that is asked of one record stands together.
            guard !members.contains(where: { $0.name == relationship.name }) else { continue }
            members.append(.init(relationship.name, related(path, fields)))
        }
        return .object(members)
    }

    private func related(_ first: FieldPath, _ fields: [JSON.Member]) -> JSON {
        guard let relationship = first.relationship,
            let target = first.target(of: fields, in: org)
        else { return .null }
        let asked = paths.filter { $0.relationship?.name == relationship.name }
        return .object(
            [JSON.Member("attributes", attributes(target, relationship.shownType))]
                + asked.map { JSON.Member($0.name, $0.value(of: fields, in: org)) })
    }

    private func attributes(_ record: any Record, _ type: String) -> JSON {
        let url = "/services/data/v\(version)/sobjects/\(type)/\(record.id.text)"
        return .object(["type": .string(type), "url": .string(url)])
    }

    private func record(_ text: String) -> (any Record)? {
        guard let id = Identifier(text), let record = org.record(entity, id), !record.isDeleted
        else { return nil }
        return record
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
        case .lead, .account, .contact, .opportunity, .note, .task:
            !org.rights.readOnly.contains(entity)
        case .user, .queue, .leadStatus, .organization, .permissions, .campaignMember: false
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
