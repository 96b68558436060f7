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
