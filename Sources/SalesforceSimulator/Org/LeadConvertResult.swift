/// What came of one lead.
struct LeadConvertResult: Sendable {
    var leadID: String
    var outcome: Result<Converted, LeadFailure>

    /// The records that the lead became or joined.
    struct Converted: Sendable {
        var accountID: Identifier
        var contactID: Identifier
        var opportunityID: Identifier?
    }
}
