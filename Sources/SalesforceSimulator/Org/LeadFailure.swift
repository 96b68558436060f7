/// Why one lead was not converted.
struct LeadFailure: Error {
    var code: String
    var message: String
    var fields: [String] = []
    var duplicate: LeadRecord.Duplicate?
    /// Whether the Apex action threw for this lead, rather than answering for it.
    var isThrown = false
}

extension LeadFailure {
    static func unknownReference(field: String) -> LeadFailure {
        LeadFailure(
            code: "INVALID_CROSS_REFERENCE_KEY", message: "invalid cross reference id",
            fields: [field])
    }

    static var deleted: LeadFailure {
        LeadFailure(code: "ENTITY_IS_DELETED", message: "entity is deleted")
    }

    static func locked(_ row: Identifier) -> LeadFailure {
        LeadFailure(
            code: "UNABLE_TO_LOCK_ROW",
            message: "unable to obtain exclusive access to this record or 1 records: \(row.text)")
    }
}
