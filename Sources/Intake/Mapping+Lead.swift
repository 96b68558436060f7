import Conversion

extension Mapping {
    /// The conversion that a row asks for.
    func lead(from row: some Row) throws(RowError) -> LeadConversion {
        guard let leadID = try id(.leadID, of: .lead, in: row) else {
            throw RowError("empty or missing: give the lead's id, which begins with 00Q")
                .of(.leadID)
        }
        guard let status = try text(.convertedStatus, in: row) ?? defaultStatus else {
            throw RowError("empty or missing: give a lead status that your org marks as converted")
                .of(.convertedStatus)
        }
        var lead = LeadConversion(leadID: leadID, convertedStatus: status)
        lead.doNotCreateOpportunity = try flag(.doNotCreateOpportunity, in: row)
        lead.opportunityName = try text(.opportunityName, in: row)
        lead.opportunityID = try id(.opportunityID, of: .opportunity, in: row)
        lead.accountID = try id(.accountID, of: .account, in: row)
        lead.contactID = try id(.contactID, of: .contact, in: row)
        lead.ownerID = try ownerID(in: row)
        lead.overwriteLeadSource = try flag(.overwriteLeadSource, in: row)
        lead.sendNotificationEmail = try flag(.sendNotificationEmail, in: row)
        lead.groupKey = try groupKey(in: row)
        lead.matchesAccount = matchesAccounts && lead.groupKey != nil
        lead.relatedPersonAccountID = try id(.relatedPersonAccountID, of: .account, in: row)
        lead.matchEmail = try matchEmail(beside: lead.contactID, in: row)
        if !followUps.isEmpty {
            lead.followUps = try followUps.request(from: row)
            lead.extra = try followUps.extra(from: row)
        }
        if let contradiction = lead.contradiction { throw RowError(contradiction) }
        return lead
    }

    /// A queue, whose id begins with 00G, owns leads and nothing else: where a row's own owner is
    /// one, the job names none.
    private func ownerID(in row: some Row) throws(RowError) -> RecordID? {
        try namesQueue(row) ? nil : id(.ownerID, of: .user, in: row)
    }

    /// Whether the owner that stands in a row is a queue.
    func namesQueue(_ row: some Row) throws(RowError) -> Bool {
        guard takesByName(.ownerID) else { return false }
        return try text(.ownerID, in: row)?.hasPrefix("00G") == true
    }

    /// A row without an address, or with one that is none, has no domain.
    private func groupKey(in row: some Row) throws(RowError) -> String? {
        let key = try text(.groupKey, in: row)
        return groupsByDomain ? key.flatMap(CompanyDomain.init)?.text : key
    }

    /// A row that gives its contact has none to search for.
    private func matchEmail(
        beside contact: RecordID?, in row: some Row
    ) throws(RowError) -> String? {
        if let given = try text(.matchEmail, in: row) { return given }
        let paths = emailPaths
        guard !paths.isEmpty, contact == nil else { return nil }
        for path in paths {
            guard let value = row.value(at: path) else { continue }
            do {
                return try value.readAsText()
            } catch {
                throw error.of(.matchEmail)
            }
        }
        throw RowError("this row has no Email, which --match-contact asks for").of(.matchEmail)
    }

    private func value(_ field: LeadField, in row: some Row) throws(RowError) -> Value? {
        if let template = template(of: field) { return try template.fill(from: row) }
        return takesByName(field) ? row.value(of: field) : nil
    }

    private func text(_ field: LeadField, in row: some Row) throws(RowError) -> String? {
        do {
            return try value(field, in: row)?.readAsText()
        } catch {
            throw error.of(field)
        }
    }

    private func flag(_ field: LeadField, in row: some Row) throws(RowError) -> Bool {
        do {
            return try value(field, in: row)?.readAsFlag() ?? false
        } catch {
            throw error.of(field)
        }
    }

    private func id(
        _ field: LeadField, of kind: RecordID.Kind, in row: some Row
    ) throws(RowError) -> RecordID? {
        guard let text = try text(field, in: row) else { return nil }
        do throws(RowError) {
            return try Self.id(text, of: kind)
        } catch {
            throw error.of(field)
        }
    }

    private static func id(_ text: String, of kind: RecordID.Kind) throws(RowError) -> RecordID {
        do {
            return try RecordID(text, of: kind)
        } catch {
            throw RowError(error.description)
        }
    }
}
