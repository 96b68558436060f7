extension Soql {
    /// As many rows as Salesforce puts into one answer.
    static let pageSize = 2000

    /// One page of the answer.
    /// - Parameter next: the locator of the page that begins at an offset.
    func run(
        on org: Org, _ version: String, from offset: Int, next: (Int) -> String
    ) throws(Refusal) -> JSON {
        guard !org.rights.hidden.contains(entity) else { throw .unknownType(entity.rawValue) }
        let reader = try RecordReader(org, entity, fields, version)
        let found = try rows(of: org)
        let end = min(offset + Self.pageSize, found.count)
        var members: [JSON.Member] = [.init("totalSize", .int(found.count))]
        members.append(.init("done", .bool(end == found.count)))
        if end < found.count {
            let url = "/services/data/v\(version)/query/\(next(end))"
            members.append(.init("nextRecordsUrl", .string(url)))
        }
        let page = found[min(offset, end)..<end].map(reader.json)
        return .object(members + [.init("records", .array(page))])
    }

    /// Whether a condition names one of these texts, which are in lower case.
    func names(_ texts: Set<String>) -> Bool {
        !texts.isEmpty
            && condition.values.contains { value in
                if case .string(let text) = value {
                    texts.contains(text.lowercased())
                } else {
                    false
                }
            }
    }

    private func rows(of org: Org) throws(Refusal) -> [any Record] {
        let holds = try condition.test(of: entity, in: org)
        var found = candidates(org).filter { record in
            (includesDeleted || !record.isDeleted) && holds(record.fields)
        }
        // The first field counts most: it is sorted by last, and equal ones keep their places.
        for (field, descends) in order.reversed() {
            let path = try FieldPath(field, of: entity, in: org)
            let keyed = found.enumerated().map { place, record in
                (key: path.value(of: record.fields, in: org).sortKey, place: place, record: record)
            }
            found = keyed.sorted { left, right in
                if left.key == right.key { return left.place < right.place }
                return descends ? right.key < left.key : left.key < right.key
            }.map(\.record)
        }
        return Array(found.prefix(limit))
    }

    /// The records an Id condition names, so that asking for a few leads does not read them all.
    private func candidates(_ org: Org) -> [any Record] {
        guard let values = condition.ids else { return org.records(entity) }
        let ids = values.compactMap { value -> Identifier? in
            if case .string(let text) = value { Identifier(text) } else { nil }
        }
        return Set(ids).sorted { $0.text < $1.text }.compactMap { org.record(entity, $0) }
    }
}

extension Soql.Condition {
    /// All values that it names.
    fileprivate var values: [JSON] {
        switch self {
        case .comparison(_, _, let values): values
        case .all(let parts), .any(let parts): parts.flatMap(\.values)
        case .not(let part): part.values
        }
    }

    /// The ids of which the record must have one, if it says so.
    fileprivate var ids: [JSON]? {
        switch self {
        case .comparison(let field, .isOneOf, let values) where field.lowercased() == "id": values
        case .all(let parts): parts.lazy.compactMap(\.ids).first
        case .comparison, .any, .not: nil
        }
    }

    /// Whether it holds of a record, by the record's fields.
    fileprivate func test(
        of entity: Entity, in org: Org
    ) throws(Refusal) -> ([JSON.Member]) -> Bool {
        switch self {
        case .comparison(let field, let comparison, let values):
            let path = try FieldPath(field, of: entity, in: org)
            return { comparison.holds(path.value(of: $0, in: org), values) }
        case .all(let parts):
            let tests = try Self.tests(parts, of: entity, in: org)
            return { fields in tests.allSatisfy { $0(fields) } }
        case .any(let parts):
            let tests = try Self.tests(parts, of: entity, in: org)
            return { fields in tests.contains { $0(fields) } }
        case .not(let part):
            let test = try part.test(of: entity, in: org)
            return { !test($0) }
        }
    }

    private static func tests(
        _ parts: [Self], of entity: Entity, in org: Org
    ) throws(Refusal) -> [([JSON.Member]) -> Bool] {
        var tests: [([JSON.Member]) -> Bool] = []
        for part in parts { tests.append(try part.test(of: entity, in: org)) }
        return tests
    }
}

extension Soql.Comparison {
    /// Text is compared without case, and an id in either of its forms.
    fileprivate func holds(_ value: JSON, _ values: [JSON]) -> Bool {
        switch self {
        case .isOneOf:
            let actual = Self.comparable(value)
            return values.contains { Self.comparable($0) == actual }
        case .like:
            guard case .string(let text) = value, case .string(let pattern)? = values.first
            else { return false }
            return Self.matches(text.lowercased()[...], pattern.lowercased()[...])
        case .isBelow:
            return value != .null && value.sortKey < (values.first ?? .null).sortKey
        case .isAbove:
            return value != .null && (values.first ?? .null).sortKey < value.sortKey
        }
    }

    private static func comparable(_ value: JSON) -> JSON {
        guard case .string(let text) = value else { return value }
        if let id = Identifier(text) { return .string(id.text) }
        return .string(text.lowercased())
    }

    private static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "%" {
            return text.indices.contains { matches(text[$0...], pattern.dropFirst()) }
                || matches("", pattern.dropFirst())
        }
        guard let next = text.first, first == "_" || first == next else { return false }
        return matches(text.dropFirst(), pattern.dropFirst())
    }
}

extension JSON {
    fileprivate var sortKey: String {
        switch self {
        case .string(let text): text
        case .int(let number):
            String(repeating: "0", count: max(0, 12 - "\(number)".count)) + "\(number)"
        case .bool(let flag): flag ? "1" : "0"
        case .null, .array, .object: ""
        }
    }
}

/// The queries whose answers were too long for one page, by the locators handed out for them.
struct QueryLocators {
    private var queries: [Substring: Soql] = [:]

    /// The name of a query, as the first part of its locators.
    mutating func keep(_ query: Soql) -> String {
        let name = "01gWs\(String(queries.count + 1_000_000_000))"
        queries[name[...]] = query
        return name
    }

    /// The query, and the row with which a locator continues.
    func find(_ locator: String) throws(Refusal) -> (query: Soql, offset: Int, name: String) {
        let parts = locator.split(separator: "-")
        guard parts.count == 2, let query = queries[parts[0]], let offset = Int(parts[1]),
            offset >= 0
        else { throw Refusal(code: "INVALID_QUERY_LOCATOR", message: "invalid query locator") }
        return (query, offset, String(parts[0]))
    }
}
