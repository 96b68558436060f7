/// Why a row is refused.
struct RowFault: Error, Equatable {
    /// A sentence for whoever has to mend the row.
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The same reason, told of one field.
    func of(_ field: LeadField) -> RowFault {
        RowFault("\(field): \(reason)")
    }
}
