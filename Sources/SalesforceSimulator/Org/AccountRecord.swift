/// An account, as far as conversions touch it.
struct AccountRecord: Record {
    var id: Identifier
    var name: String
    var ownerID: Identifier
    var isDeleted = false
    /// The contact that a person account is; nil is a business account.
    var personContactID: Identifier?

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(isDeleted)),
            .init("IsPersonAccount", .bool(personContactID != nil)),
            .init("PersonContactId", .text(personContactID?.text)),
        ]
    }
}
