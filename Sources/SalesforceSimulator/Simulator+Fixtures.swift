import Foundation
import NIOConcurrencyHelpers

/// What the org really holds, and leads and faults for a demo or a test.
extension Simulator {
    /// What was really received and committed so far.
    public func audit() async -> Audit {
        server.state.withLockedValue { $0.audit }
    }

    /// The leads in a state, in the order of their ids.
    public func leads(
        _ state: SimulatedLead.State = .all, limit: Int = .max
    ) async -> [SimulatedLead] {
        let leads = server.state.withLockedValue { $0.org.leads }
        return leads.lazy.filter { $0.matches(state) }.prefix(limit).map(SimulatedLead.init)
    }

    /// One lead, by either form of its id.
    public func lead(_ id: String) async -> SimulatedLead? {
        server.state.withLockedValue { state in
            guard let id = Identifier(id), let place = state.org.place(of: id) else { return nil }
            return SimulatedLead(state.org.leads[place])
        }
    }

    /// Adds a lead and gives its id.
    public func addLead(
        company: String? = nil, email: String? = nil, ownerID: String? = nil,
        _ traits: LeadTrait...
    ) async -> String {
        server.state.withLockedValue { state in
            var lead = state.nextSampleLead()
            lead.company = company ?? lead.company
            lead.email = email ?? lead.email
            lead.ownerID = ownerID.flatMap(Identifier.init) ?? lead.ownerID
            for trait in traits { lead.apply(trait) }
            state.org.add(lead)
            if traits.contains(.alreadyConverted), let place = state.org.place(of: lead.id) {
                state.org.convertExternally(place, at: Date())
            }
            return lead.id.text
        }
    }

    /// Somebody else converts a lead; false when there is no such open lead.
    @discardableResult
    public func convertExternally(_ leadID: String) -> Bool {
        server.state.withLockedValue { state in
            guard let id = Identifier(leadID), let place = state.org.place(of: id),
                state.org.leads[place].matches(.open)
            else { return false }
            let now = Date()
            state.org.convertExternally(place, at: now)
            state.audit.conversions.append(Audit.Conversion(leadID: id.text, at: now, call: 0))
            state.waiters.look(at: state.audit)
            return true
        }
    }

    /// Orders a fault for the call with this number, from 1, among the calls of its kind.
    ///
    /// Calls are numbered as they come past the login: one with a dead session is not counted.
    public func script(_ fault: Fault, forCall number: Int, of kind: CallKind = .convert) {
        server.state.withLockedValue { $0.script.order(fault, forCall: number, of: kind) }
    }

    /// Orders a fault for the next calls of a kind.
    public func script(_ fault: Fault, nextCalls count: Int = 1, of kind: CallKind = .convert) {
        server.state.withLockedValue { $0.script.order(fault, nextCalls: count, of: kind) }
    }

    /// Looks at, or changes, all that stands behind the wire.
    package func with<Value>(_ body: (inout OrgState) -> Value) -> Value {
        server.state.withLockedValue(body)
    }
}
