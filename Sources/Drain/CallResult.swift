import Conversion
import Storage

/// What came of a call, with what it was for.
enum CallResult {
    case conversions(ClaimedCall, Reply<[LeadOutcome]>)
    case verification(ClaimedVerification, Reply<[LeadReading]>)
    case search(ClaimedSearch, Reply<Found>)
    case followUps(ClaimedFollowUps, Reply<[RecordOutcome]>)
    case followUpVerification(ClaimedFollowUps, Reply<[[String]]>)
    case login(Reply<Void>)
    case limits(Reply<Void>)

    /// What a search found, for each that it asked about.
    enum Found {
        case contacts([[FoundContact]])
        case accounts([[RecordID]])
    }

    /// A clear answer, as far as it tells of the way to Salesforce.
    enum Content {
        case converted([LeadOutcome])
        case verified([LeadReading])
        case searched
        case followedUp([RecordOutcome])
        case followUpsRead
        case loggedIn
        case limitsRead
    }

    /// What it tells of the way to Salesforce.
    var reply: Reply<Content> {
        switch self {
        case .conversions(_, let reply): reply.map { .converted($0) }
        case .verification(_, let reply): reply.map { .verified($0) }
        case .search(_, let reply): reply.map { _ in .searched }
        case .followUps(_, let reply): reply.map { .followedUp($0) }
        case .followUpVerification(_, let reply): reply.map { _ in .followUpsRead }
        case .login(let reply): reply.map { .loggedIn }
        case .limits(let reply): reply.map { .limitsRead }
        }
    }
}
