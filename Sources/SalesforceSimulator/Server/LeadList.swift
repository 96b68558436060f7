/// `/__simulator/leads`: leads as CSV, for feeding a queue.
enum LeadList {
    static func reply(_ incoming: Incoming, _ org: Org) -> Reply {
        let name = incoming.query["state"] ?? "all"
        guard let state = SimulatedLead.State(rawValue: name) else {
            return refusal("unknown state \(name)")
        }
        guard let limit = incoming.query["limit"].map({ Int($0) }) ?? Int.max, limit >= 0 else {
            return refusal("limit is not a number")
        }
        let rows = org.leads.lazy.filter { $0.matches(state) }.prefix(limit).map { lead in
            [lead.id.text, lead.company, lead.email, lead.status, lead.ownerID.text]
                .map(quoted).joined(separator: ",")
        }
        return .csv((["Id,Company,Email,Status,OwnerId"] + rows).joined(separator: "\n") + "\n")
    }

    private static func refusal(_ message: String) -> Reply {
        Dialect.rest.reply(Refusal(code: "INVALID_QUERY", message: message))
    }

    private static func quoted(_ value: String) -> String {
        guard value.contains(where: { ",\"\n\r".contains($0) }) else { return value }
        return "\"\(value.replacing("\"", with: "\"\""))\""
    }
}
