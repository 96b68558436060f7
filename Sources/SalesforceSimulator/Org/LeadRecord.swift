import Foundation

/// A lead, and what happens when it is converted.
struct LeadRecord: Record {
    /// What a conversion left on the lead.
    struct Conversion {
        var at: Date
        var accountID: Identifier
        var contactID: Identifier
        var opportunityID: Identifier?
    }

    /// The accounts and contacts that a duplicate rule takes for the same.
    struct Duplicate {
        var records: [Identifier]
        var blocks: Bool

        init?(_ ids: [String], blocks: Bool) {
            records = ids.compactMap(Identifier.init)
            guard !records.isEmpty else { return nil }
            self.blocks = blocks
        }

        /// Whether a new record would be made beside those: who joins one of them makes none.
        func isMade(by plan: ConversionPlan) -> Bool {
            let (makesAccount, makesContact) = (plan.accountID == nil, plan.contactID == nil)
            return records.contains { $0.isOf(.account) ? makesAccount : makesContact }
        }
    }

    /// A code that the lead is refused with.
    struct Refused {
        var code: String
        var times: Int
    }

    var id: Identifier
    var firstName: String
    var lastName: String
    var company: String
    var email: String
    var status: String
    var ownerID: Identifier
    var modifiedByID: Identifier
    var isDeleted = false
    var conversion: Conversion?

    /// Tries that still find the row locked.
    var locks = 0
    /// Whether chance has decided about a lock; it decides once, so that every lock clears.
    var lockFaultIsDrawn = false
    var triggerFailure: String?
    var refusal: Refused?
    var invocationThrows = false
    var retrievalFails = false
    var duplicate: Duplicate?
    var isPoison = false

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("FirstName", .string(firstName)),
            .init("LastName", .string(lastName)),
            .init("Name", .string("\(firstName) \(lastName)")),
            .init("Company", .string(company)),
            .init("Email", .string(email)),
            .init("LeadSource", .string("Web")),
            .init("Status", .string(status)),
            .init("OwnerId", .string(ownerID.text)),
            .init("LastModifiedById", .string(modifiedByID.text)),
            .init("IsDeleted", .bool(isDeleted)),
            .init("IsConverted", .bool(conversion != nil)),
            .init("ConvertedDate", .text(conversion.map { Self.day.format($0.at) })),
            .init("ConvertedAccountId", .text(conversion?.accountID.text)),
            .init("ConvertedContactId", .text(conversion?.contactID.text)),
            .init("ConvertedOpportunityId", .text(conversion?.opportunityID?.text)),
        ]
    }

    func matches(_ state: SimulatedLead.State) -> Bool {
        switch state {
        case .all: true
        case .open: conversion == nil && !isDeleted
        case .converted: conversion != nil
        case .deleted: isDeleted
        case .queueOwned: conversion == nil && !isDeleted && ownerID.isOf(.queue)
        }
    }

    private static let day = Date.ISO8601FormatStyle().year().month().day()
}

extension LeadRecord {
    mutating func apply(_ trait: LeadTrait) {
        switch trait {
        case .ownedByQueue: ownerID = Identifier(.queue, number: 1)
        case .alreadyConverted: break
        case .deleted: isDeleted = true
        case .lockedFor(let times): locks = times
        case .triggerFailure(let message): triggerFailure = message
        case .refused(let code, let times): refusal = Refused(code: code, times: times)
        case .invocationThrows: invocationThrows = true
        case .retrievalFails: retrievalFails = true
        case .retrievalWorks: retrievalFails = false
        case .duplicateOf(let ids, let blocks): duplicate = Duplicate(ids, blocks: blocks)
        case .poison: isPoison = true
        }
    }
}
