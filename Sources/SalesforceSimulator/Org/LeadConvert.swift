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
}
