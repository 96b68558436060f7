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
            && conditions.lazy.flatMap(\.values).contains { value in
                if case .string(let text) = value {
                    texts.contains(text.lowercased())
                } else {
                    false
                }
            }
    }

    private func rows(of org: Org) throws(Refusal) -> [any Record] {
        var tests: [(column: Int, condition: Condition)] = []
        for condition in conditions {
            tests.append((try RecordReader.column(condition.field, of: entity, in: org), condition))
        }
        var found = candidates(org).filter { record in
            guard includesDeleted || !record.isDeleted else { return false }
            let fields = record.fields
            return tests.allSatisfy { $0.condition.holds(fields[$0.column].value) }
        }
        if let order {
            let column = try RecordReader.column(order.field, of: entity, in: org)
            found.sort { left, right in
                let keys = (left.fields[column].value.sortKey, right.fields[column].value.sortKey)
                return order.descends ? keys.1 < keys.0 : keys.0 < keys.1
            }
        }
        return Array(found.prefix(limit))
    }

    /// The records an Id condition names, so that asking for a few leads does not read them all.
    private func candidates(_ org: Org) -> [any Record] {
        let named = conditions.first { $0.field.lowercased() == "id" && !$0.isNegated }
        guard let named else { return org.records(entity) }
        let ids = named.values.compactMap { value -> Identifier? in
            if case .string(let text) = value { Identifier(text) } else { nil }
        }
        return Set(ids).sorted { $0.text < $1.text }.compactMap { org.record(entity, $0) }
    }
}

extension Soql.Condition {
    /// Text is compared without case, and an id in either of its forms.
    fileprivate func holds(_ value: JSON) -> Bool {
        let actual = Self.comparable(value)
        return values.contains { Self.comparable($0) == actual } != isNegated
    }

    private static func comparable(_ value: JSON) -> JSON {
        guard case .string(let text) = value else { return value }
        if let id = Identifier(text) { return .string(id.text) }
        return .string(text.lowercased())
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

    /// The query and the row at which a locator goes on.
    func find(_ locator: String) throws(Refusal) -> (query: Soql, offset: Int, name: String) {
        let parts = locator.split(separator: "-")
        guard parts.count == 2, let query = queries[parts[0]], let offset = Int(parts[1]),
            offset >= 0
        else { throw Refusal(code: "INVALID_QUERY_LOCATOR", message: "invalid query locator") }
        return (query, offset, String(parts[0]))
    }
}
