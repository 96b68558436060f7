import SalesforceSimulator

/// The simulated org and its 500 leads, some of them bad in instructive ways.
struct Scene {
    /// What is special about a lead, and what should become of it.
    enum Story: String, CaseIterable {
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
        var story: Story

        var convertedStatus: String {
            story == .wrongStatus ? "Qualified, I think" : "Closed - Converted"
        }
    }

    let simulator: Simulator
    let leads: [Lead]

    static func make() async throws -> Scene {
        var configuration = SimulatorConfiguration()
        configuration.leads = 0
        configuration.latency = 200...500
        configuration.used = 4200
        let simulator = try await Simulator.start(configuration)
        var leads: [Lead] = []
        for number in 0..<500 {
            let story = story(of: number)
            let id =
                switch story {
                case .plain, .wrongStatus: await simulator.addLead()
                case .convertedBefore: await simulator.addLead(.alreadyConverted)
                case .ownedByQueue: await simulator.addLead(.ownedByQueue)
                case .locked: await simulator.addLead(.lockedFor(times: 1))
                case .trigger:
                    await simulator.addLead(
                        .triggerFailure("LeadGuard: execution of BeforeUpdate: No budget, no deal.")
                    )
                }
            leads.append(Lead(id: id, story: story))
        }
        // One call converts its leads, and its answer is lost on the way back.
        simulator.script(.dropAfterCommit, forCall: 8)
        return Scene(simulator: simulator, leads: leads)
    }

    private static func story(of number: Int) -> Story {
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
