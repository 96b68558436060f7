import Foundation

/// What a caller asks for one lead.
struct LeadConvert: Sendable {
    var leadID: String
    var convertedStatus: String
    var accountID: String?
    var contactID: String?
    var opportunityID: String?
    var opportunityName: String?
    var ownerID: String?
    var doNotCreateOpportunity = false
    var overwriteLeadSource = false
    var relatedPersonAccountID: String?
}

/// What a caller asks for all leads of a call.
struct ConvertOptions: Sendable {
    /// Over-long text is cut instead of refused.
    var truncatesText = false
    /// Duplicate rules that only warn are overridden.
    var savesDuplicates = false
}

/// What makes one lead's conversion in one call special.
struct ConversionCircumstances {
    var options = ConvertOptions()
    /// A row that another call holds.
    var lockedRow: Identifier?
    /// Chance, or a script, has this lead's row locked.
    var hasLockFault = false
    /// What an incident answers for every lead.
    var incident: LeadFailure?
    var at: Date
}

/// What came of one lead.
struct LeadConvertResult: Sendable {
    var leadID: String
    var outcome: Result<Converted, LeadFailure>

    /// Whether the Apex action threw for it.
    var isThrown: Bool {
        if case .failure(let failure) = outcome { failure.isThrown } else { false }
    }

    /// The records that the lead became or joined.
    struct Converted: Sendable {
        var accountID: Identifier
        var contactID: Identifier
        var opportunityID: Identifier?
        var relatedPersonAccountID: Identifier?
        /// Whether the answer leaves out every id, the lead's too.
        var comesWithoutIDs = false
    }
}

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
