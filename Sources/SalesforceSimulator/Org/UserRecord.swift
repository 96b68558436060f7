/// A user.
struct UserRecord: Record {
    var id: Identifier
    var name: String
    var username: String
    var isActive: Bool

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("Username", .string(username)),
            .init("Email", .string(username)),
            .init("IsActive", .bool(isActive)),
            .init("UserType", .string("Standard")),
            .init("ProfileId", .string("00eWs000000AdmnIAC")),
        ]
    }
}
