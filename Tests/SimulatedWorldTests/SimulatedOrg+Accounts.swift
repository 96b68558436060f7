import Conversion

/// Accounts that groups of leads are to join, and an eye on whether a group ends in two.
extension SimulatedOrg {
    /// Groups of which every lead has its account searched for, and none has another: there is one
    /// account, none, and two.
    static let known = "Initech"
    static let unknown = "Hooli"
    static let ambiguous = "Umbrella"
    static let searchedGroups = [known, unknown, ambiguous]

    mutating func addAccounts() throws {
        accounts[Self.known] = [try RecordID("001Ws0000000011", of: .account)]
        accounts[Self.ambiguous] = [
            try RecordID("001Ws0000000012", of: .account),
            try RecordID("001Ws0000000013", of: .account),
        ]
    }

    func findAccounts(_ names: [String]) -> [[RecordID]] { names.map { accounts[$0] ?? [] } }

    /// A lead without an account makes one, of the name of its group.
    mutating func makeAccount(for conversion: LeadConversion, in callID: Int64) {
        let id = conversion.leadID
        guard conversion.accountID == nil, let group = leads[id]?.group else { return }
        if Self.searchedGroups.contains(group), accounts[group]?.isEmpty == false,
            !forgotten.contains(id), !isTamperedWith
        {
            violations.append("call \(callID) makes a second account named \(group) for \(id)")
        }
        if let account = RecordID(
            stem: "001\(id.description.dropFirst(3).prefix(12))", of: .account)
        {
            accounts[group, default: []].append(account)
        }
    }

    /// Searched groups whose leads our calls have put into several accounts.
    var dividedGroups: [String] {
        Self.searchedGroups.filter { group in
            let ours = leads.filter { $1.group == group && $1.convertedBy != nil }
            return Set(ours.keys.map { records($0).accountID?.prefix(15) }).count > 1
        }
    }
}
