import Conversion
import Foundation
import NIOCore

/// The inputs of one call to the Apex action that converts leads.
///
/// What a lead does not ask for is left out, so that a class need not know what its org never
/// uses. Source: Actions Developer Guide, "Invoking Actions" and "Apex Actions".
struct ActionRequest {
    var leads: [LeadConversion]
    var options: ConvertOptions

    /// Field by field the contract's names. A false flag is what a class without it does anyway.
    private struct Input: Encodable {
        var leadId: String
        var convertedStatus: String
        var accountId: String?
        var contactId: String?
        var opportunityId: String?
        var opportunityName: String?
        var ownerId: String?
        var relatedPersonAccountId: String?
        var doNotCreateOpportunity: Bool?
        var overwriteLeadSource: Bool?
        var sendNotificationEmail: Bool?
        var allowDuplicates: Bool?
        var suppressFeed: Bool?
        var truncateFields: Bool?

        init(_ lead: LeadConversion, _ options: ConvertOptions) {
            leadId = lead.leadID.description
            convertedStatus = lead.convertedStatus
            accountId = lead.accountID?.description
            contactId = lead.contactID?.description
            opportunityId = lead.opportunityID?.description
            // "The name, if one is made": beside doNotCreateOpportunity Salesforce refuses it.
            opportunityName = lead.doNotCreateOpportunity ? nil : lead.opportunityName
            ownerId = lead.ownerID?.description
            relatedPersonAccountId = lead.relatedPersonAccountID?.description
            doNotCreateOpportunity = lead.doNotCreateOpportunity ? true : nil
            overwriteLeadSource = lead.overwriteLeadSource ? true : nil
            sendNotificationEmail = lead.sendNotificationEmail ? true : nil
            allowDuplicates = options.allowsDuplicates ? true : nil
            suppressFeed = options.suppressesFeed ? true : nil
            truncateFields = options.truncatesFields ? true : nil
        }
    }

    /// The JSON, in UTF-8, names in the order of the alphabet.
    var body: ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let inputs = try leads.map { lead in
                let input = try encoder.encode(Input(lead, options))
                return Self.adding(lead.extra, to: String(decoding: input, as: UTF8.self))
            }
            return ByteBuffer(string: "{\"inputs\":[\(inputs.joined(separator: ","))]}")
        } catch {
            preconditionFailure("Texts and flags are always JSON: \(error)")
        }
    }

    /// The inputs of the org's own behind ours, as they were written. None has a name of ours: the schema
    /// keeps those out.
    private static func adding(_ extra: String?, to input: String) -> String {
        guard let members = extra?.drop(while: \.isWhitespace).dropFirst(),
            members.contains(where: { !$0.isWhitespace && $0 != "}" })
        else { return input }
        return input.dropLast() + "," + members
    }
}
