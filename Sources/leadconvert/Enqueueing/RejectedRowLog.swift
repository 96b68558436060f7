import Conversion

/// Says on standard error why rows are refused.
///
/// A mistake in a template refuses each of a million rows for one reason: the first of them are
/// named, the others counted.
struct RejectedRowLog {
    private static let namedInARow = 20

    private var reason = ""
    private var count = 0
    private var lastPlace = ""

    /// Writes down why the row at a place is refused.
    mutating func add(_ reason: String, at place: String) {
        if reason != self.reason { finish() }
        self.reason = reason
        count += 1
        lastPlace = place
        if count <= Self.namedInARow { StandardError.write("\(place): \(reason)\n") }
    }

    /// Says how many were not named.
    mutating func finish() {
        let unnamed = count - Self.namedInARow
        if unnamed > 0 {
            let rows = counted(unnamed, "more row")
            StandardError.write("\(lastPlace): the last of \(rows) refused for that reason.\n")
        }
        count = 0
    }
}
