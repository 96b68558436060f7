/// The org itself, as SOQL shows it.
struct OrganizationRecord: Record {
    let id = Identifier(Org.id) ?? Identifier(.organization, number: 1)
    var edition = "Enterprise Edition"

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string("Simulated Org")),
            .init("OrganizationType", .string(edition)),
            .init("InstanceName", .string("SIM1")),
            .init("IsSandbox", .bool(false)),
            .init("TrialExpirationDate", .null),
        ]
    }
}
