/// What the user that asks is permitted, all its profiles and permission sets together. Each user
/// sees its own record and no other.
struct PermissionsRecord: Record {
    let id = Identifier(.permissions, number: 1)
    var convertsLeads = true

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("PermissionsApiEnabled", .bool(true)),
            .init("PermissionsConvertLeads", .bool(convertsLeads)),
            .init("PermissionsModifyAllData", .bool(false)),
        ]
    }
}
