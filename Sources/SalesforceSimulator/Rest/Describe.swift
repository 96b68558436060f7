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
