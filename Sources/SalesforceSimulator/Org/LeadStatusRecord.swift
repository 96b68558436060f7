/// A value that a lead's status can have.
struct LeadStatusRecord: Record {
    var id: Identifier
    var label: String
    var isConverted: Bool
    var order: Int

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("MasterLabel", .string(label)),
            .init("ApiName", .string(label)),
            .init("IsConverted", .bool(isConverted)),
            .init("IsDefault", .bool(order == 1)),
            .init("SortOrder", .int(order)),
        ]
    }
}
