/// The account rows that running calls hold.
///
/// Salesforce locks the account that a new contact or opportunity points at, so two overlapping
/// calls that name one account meet here, and the later one loses.
struct RowLocks {
    private var holders: [Identifier: Int] = [:]

    /// Takes the row for a call, or says that another one holds it.
    mutating func take(_ row: Identifier, for call: Int) -> Bool {
        if let holder = holders[row] { return holder == call }
        holders[row] = call
        return true
    }

    /// Gives back what a call holds of these rows.
    mutating func release(_ rows: Set<Identifier>, of call: Int) {
        for row in rows where holders[row] == call { holders[row] = nil }
    }
}
