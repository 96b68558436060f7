/// What the user that logs in cannot do with objects.
struct ObjectRights {
    /// Objects that it can see and neither create nor edit.
    var readOnly: Set<Entity> = []
    /// Objects that do not exist for it.
    var hidden: Set<Entity> = []
}

extension Org {
    /// Sets up what the operator of the simulator wants different.
    mutating func adopt(_ configuration: SimulatorConfiguration) {
        let converted = configuration.convertedStatuses
        for place in statuses.indices {
            statuses[place].isConverted = converted.contains(statuses[place].label)
        }
        for label in converted where !statuses.contains(where: { $0.label == label }) {
            statuses.append(
                LeadStatusRecord(
                    id: newID(.leadStatus), label: label, isConverted: true,
                    order: statuses.count + 1))
        }
        organization.edition = configuration.edition
        hasPersonAccounts = configuration.hasPersonAccounts
        secondConversionCode = configuration.secondConversionCode
        permissions.convertsLeads = configuration.convertsLeads
        rights.readOnly = Set(configuration.readOnlyObjects.compactMap(Entity.init(name:)))
        if !configuration.showsPermissions { rights.hidden = [.permissions] }
    }

    /// Whether the user may do all that this conversion does.
    func mayConvert(_ ask: LeadConvert) -> Bool {
        var touched: Set<Entity> = [.lead, .account, .contact]
        if !ask.doNotCreateOpportunity { touched.insert(.opportunity) }
        return permissions.convertsLeads && rights.readOnly.isDisjoint(with: touched)
    }
}
