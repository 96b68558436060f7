/// A contact of an account.
struct ContactRecord: Record {
    var id: Identifier
    var accountID: Identifier
    var firstName: String
    var lastName: String
    var email: String
    var leadSource: String?
    var ownerID: Identifier
    var isDeleted = false
    var isPersonAccount = false

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("AccountId", .string(accountID.text)),
            .init("FirstName", .string(firstName)),
            .init("LastName", .string(lastName)),
            .init("Name", .string("\(firstName) \(lastName)")),
            .init("Email", .string(email)),
            .init("LeadSource", .text(leadSource)),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(isDeleted)),
            .init("IsPersonAccount", .bool(isPersonAccount)),
        ]
    }
}
