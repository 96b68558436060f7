extension LeadConvert {
    /// The schema's sequence, API 51 and later.
    private static let sequence = [
        "accountId", "accountRecord", "bypassAccountDedupeCheck", "bypassContactDedupeCheck",
        "contactId", "contactRecord", "convertedStatus", "doNotCreateOpportunity", "leadId",
        "opportunityId", "opportunityName", "opportunityRecord", "overwriteLeadSource", "ownerId",
        "relatedPersonAccountId", "relatedPersonAccountRecord", "sendNotificationEmail",
    ]
    private static let required: Set = [
        "convertedStatus", "doNotCreateOpportunity", "leadId", "overwriteLeadSource",
        "sendNotificationEmail",
    ]

    init(_ element: Element) throws(Refusal) {
        guard element.name == "leadConverts", element.namespace == SoapRequest.partner else {
            throw .misplaced(element)
        }
        let values = try element.read(Self.sequence, required: Self.required)
        leadID = values["leadId"] ?? ""
        convertedStatus = values["convertedStatus"] ?? ""
        accountID = values["accountId"]
        contactID = values["contactId"]
        opportunityID = values["opportunityId"]
        opportunityName = values["opportunityName"]
        ownerID = values["ownerId"]
        doNotCreateOpportunity = try element.flag("doNotCreateOpportunity", in: values)
        overwriteLeadSource = try element.flag("overwriteLeadSource", in: values)
        _ = try element.flag("sendNotificationEmail", in: values)
    }
}
