import Foundation

/// The records of the simulated org.
package struct Org {
    /// The user that every login of ours runs as.
    package static let integrationUser = Identifier(.user, number: 1)
    static let id = "00DWs000000oRgXMAU"

    private(set) var leads: [LeadRecord] = []
    private var places: [Identifier: Int] = [:]
    package var accounts: [Identifier: AccountRecord] = [:]
    package var contacts: [Identifier: ContactRecord] = [:]
    var opportunities: [Identifier: OpportunityRecord] = [:]
    var users: [Identifier: UserRecord] = [:]
    var queues: [Identifier: QueueRecord] = [:]
    var campaignMembers: [Identifier: CampaignMemberRecord] = [:]
    var notes: [Identifier: NoteRecord] = [:]
    var tasks: [Identifier: TaskRecord] = [:]
    var statuses: [LeadStatusRecord] = []
    var organization = OrganizationRecord()
    var permissions = PermissionsRecord()
    var rights = ObjectRights()
    var hasPersonAccounts = false
    /// What a second conversion of a converted lead is refused with.
    var secondConversionCode = "CANNOT_UPDATE_CONVERTED_LEAD"
    private var lastNumber: [Entity: Int] = [:]

    /// The next free id of an object.
    mutating func newID(_ entity: Entity) -> Identifier {
        lastNumber[entity, default: 0] += 1
        return Identifier(entity, number: lastNumber[entity, default: 1])
    }

    mutating func add(_ lead: LeadRecord) {
        places[lead.id] = leads.count
        leads.append(lead)
    }

    /// Where a lead stands in `leads`.
    func place(of id: Identifier) -> Int? { places[id] }

    /// Changes a lead where it stands.
    mutating func change(_ place: Int, _ body: (inout LeadRecord) -> Void) { body(&leads[place]) }

    /// The record with this id, deleted ones included.
    func record(_ entity: Entity, _ id: Identifier) -> (any Record)? {
        switch entity {
        case .lead: places[id].map { leads[$0] }
        case .account: accounts[id]
        case .contact: contacts[id]
        case .opportunity: opportunities[id]
        case .user: users[id]
        case .queue: queues[id]
        case .leadStatus: statuses.first { $0.id == id }
        case .organization: organization.id == id ? organization : nil
        case .permissions: permissions.id == id ? permissions : nil
        case .campaignMember: campaignMembers[id]
        case .note: notes[id]
        case .task: tasks[id]
        }
    }

    /// All records of an object, in the order of their ids.
    func records(_ entity: Entity) -> [any Record] {
        func sorted(_ records: some Collection<any Record>) -> [any Record] {
            records.sorted { $0.id.text < $1.id.text }
        }
        return switch entity {
        case .lead: leads
        case .account: sorted(accounts.values.map { $0 })
        case .contact: sorted(contacts.values.map { $0 })
        case .opportunity: sorted(opportunities.values.map { $0 })
        case .user: sorted(users.values.map { $0 })
        case .queue: sorted(queues.values.map { $0 })
        case .leadStatus: statuses
        case .organization: [organization]
        case .permissions: [permissions]
        case .campaignMember: sorted(campaignMembers.values.map { $0 })
        case .note: sorted(notes.values.map { $0 })
        case .task: sorted(tasks.values.map { $0 })
        }
    }
}

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
    func mayConvert(_ request: LeadConvert) -> Bool {
        var touched: Set<Entity> = [.lead, .account, .contact]
        if !request.doNotCreateOpportunity { touched.insert(.opportunity) }
        return permissions.convertsLeads && rights.readOnly.isDisjoint(with: touched)
    }
}
