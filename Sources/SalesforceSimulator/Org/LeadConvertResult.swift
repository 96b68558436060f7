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
        /// Whether the answer leaves out every id, the lead's too.
        var comesWithoutIDs = false
    }
}
