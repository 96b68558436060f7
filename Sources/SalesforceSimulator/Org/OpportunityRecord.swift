/// An opportunity of an account.
struct OpportunityRecord: Record {
    var id: Identifier
    var accountID: Identifier
    var name: String
    var ownerID: Identifier

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("AccountId", .string(accountID.text)),
            .init("Name", .string(name)),
            .init("StageName", .string("Prospecting")),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(false)),
        ]
    }
}
