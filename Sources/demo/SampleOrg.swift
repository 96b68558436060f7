import SalesforceSimulator

/// The simulated org and its 500 leads, some of them bad in instructive ways.
struct SampleOrg {
    /// What is special about a lead, and what should become of it.
    enum Kind: String, CaseIterable {
        case plain = "nothing special"
        case wrongStatus = "asked for a status that is not a converted one"
        case convertedBefore = "a colleague had converted it already"
        case ownedByQueue = "owned by a queue, and no ownerId was given"
        case locked = "its row was locked at first"
        case trigger = "the org's own trigger refuses it"

        var isConverted: Bool {
            switch self {
            case .plain, .convertedBefore, .locked: true
            case .wrongStatus, .ownedByQueue, .trigger: false
            }
        }
    }

    struct Lead {
        var id: String
        var kind: Kind

        var convertedStatus: String {
            kind == .wrongStatus ? "Qualified, I think" : "Closed - Converted"
        }
    }

    let simulator: Simulator
    let leads: [Lead]

    static func make() async throws -> SampleOrg {
        var configuration = SimulatorConfiguration()
        configuration.leads = 0
        configuration.latency = 200...500
        configuration.used = 4200
        let simulator = try await Simulator.start(configuration)
        var leads: [Lead] = []
        for number in 0..<500 {
            let kind = kind(of: number)
            let id =
                switch kind {
                case .plain, .wrongStatus: await simulator.addLead()
                case .convertedBefore: await simulator.addLead(.alreadyConverted)
                case .ownedByQueue: await simulator.addLead(.ownedByQueue)
                case .locked: await simulator.addLead(.lockedFor(times: 1))
                case .trigger:
                    await simulator.addLead(
                        .triggerFailure("LeadGuard: execution of BeforeUpdate: No budget, no deal.")
                    )
                }
            leads.append(Lead(id: id, kind: kind))
        }
        // One call converts its leads, and its answer is lost on the way back.
        simulator.script(.dropAfterCommit, forCall: 8)
        return SampleOrg(simulator: simulator, leads: leads)
    }

    private static func kind(of number: Int) -> Kind {
        switch number % 100 {
        case 11: .wrongStatus
        case 29: .convertedBefore
        case 47: .ownedByQueue
        case 63, 64: .locked
        case 88 where number > 400: .trigger
        default: .plain
        }
    }
}
