import Foundation

extension Org {
    /// An org with users, a queue, accounts with contacts, and open leads.
    init(leads count: Int, seed: UInt64) {
        addStatuses()
        addOwners()
        addAccounts()
        for number in 0..<count { add(sampleLead(number, seed: seed)) }
    }

    /// The fields of each object, as any record of it shows them.
    static let fieldNames: [Entity: [String]] = {
        var org = Org(leads: 1, seed: 1)
        org.addCampaignMember(org.leads[0].id)
        let id = org.newID(.note)
        org.notes[id] = NoteRecord(id: id, parentID: id, title: "", body: "", at: "")
        org.tasks[id] = TaskRecord(id: id, subject: "", at: "")
        return Dictionary(
            uniqueKeysWithValues: Entity.allCases.map { entity in
                (entity, org.records(entity).first?.fields.map(\.name) ?? [])
            })
    }()

    private mutating func addStatuses() {
        let labels = [
            ("Open - Not Contacted", false), ("Working - Contacted", false),
            ("Closed - Converted", true), ("Closed - Not Converted", false), ("Qualified", true),
        ]
        statuses = labels.enumerated().map { place, status in
            LeadStatusRecord(
                id: newID(.leadStatus), label: status.0, isConverted: status.1, order: place + 1)
        }
    }

    /// The integration user, five sellers, one who has left, and a queue.
    private mutating func addOwners() {
        let people = [
            ("Integration User", "demo@example.com"), ("Ada Byron", "ada@example.com"),
            ("Grace Murray", "grace@example.com"), ("Alan Mathison", "alan@example.com"),
            ("Edsger Wybe", "edsger@example.com"), ("Barbara Huberman", "barbara@example.com"),
            ("Former Colleague", "former@example.com"),
        ]
        for (name, username) in people {
            let id = newID(.user)
            users[id] = UserRecord(
                id: id, name: name, username: username, isActive: name != "Former Colleague")
        }
        let id = newID(.queue)
        queues[id] = QueueRecord(id: id, name: "Web Leads")
    }

    /// Twenty accounts; each has two contacts and an opportunity.
    private mutating func addAccounts() {
        for number in 1...20 {
            let account = addAccount("Existing Account \(number)")
            accounts[account]?.accountNumber = "A-\(number)"
            for person in ["First", "Second"] {
                addContact(
                    person, "Contact \(number)",
                    email: "\(person.lowercased()).contact\(number)@example.net", of: account)
            }
            let opportunity = newID(.opportunity)
            opportunities[opportunity] = OpportunityRecord(
                id: opportunity, accountID: account, name: "Existing Opportunity \(number)",
                ownerID: Self.integrationUser)
        }
    }

    /// A lead like those that forms bring in; some names hold what breaks careless CSV and XML.
    mutating func sampleLead(_ number: Int, seed: UInt64) -> LeadRecord {
        let mixed = Int(truncatingIfNeeded: (UInt64(number) &+ seed) % 1_000_003)
        let first = Self.firstNames[mixed % Self.firstNames.count]
        let last = Self.lastNames[mixed / 7 % Self.lastNames.count]
        let company = "\(Self.companies[mixed / 3 % Self.companies.count]) \(number + 1)"
        return LeadRecord(
            id: newID(.lead), firstName: first, lastName: last, company: company,
            email: "lead\(number + 1)@example.org", status: "Open - Not Contacted",
            ownerID: Identifier(.user, number: 2 + mixed % 5),
            modifiedByID: Self.integrationUser)
    }

    private static let firstNames = [
        "Anna", "Björn", "Chloë", "Dmitri", "Eve", "Fatima", "Goran", "Hana", "Ivo", "June", "Kofi",
    ]
    private static let lastNames = [
        "Abel", "Brandt", "Çelik", "D'Arcy", "Ek", "Fischer", "Gupta", "Horváth", "Ito", "Jones",
    ]
    private static let companies = [
        "Acme", "Müller & Söhne", "O'Neil, Inc.", "Blue <Sky> Travel", "The \"Best\" Bakery",
        "Northwind", "Šik Dva", "Umbrella Rentals", "Initech", "東京商事",
    ]
}
