public import Conversion

/// A request to Salesforce as a value, for tests that look at what was asked.
public enum CallRequest: Sendable {
    /// A login.
    case logIn
    /// A call that converts.
    case convert([LeadConversion], ConvertOptions)
    /// A question which leads are converted.
    case verify([RecordID])
    /// A search for contacts.
    case searchContacts([ContactKey])
    /// A search for accounts.
    case searchAccounts([String])
    /// A call that sets fields.
    case update([FieldUpdate])
    /// A call that makes notes or tasks.
    case create([MarkedRecord])
    /// A search for notes or tasks.
    case find([MarkedRecord])
    /// A reading of the limits.
    case readLimits

    /// The word for it in `calls.kind`.
    public var kind: CallKind {
        switch self {
        case .logIn: .token
        case .convert: .convert
        case .verify: .verify
        case .searchContacts, .searchAccounts: .match
        case .update: .set
        case .create(let records): records.first?.kind == .task ? .task : .note
        case .find: .verify
        case .readLimits: .limits
        }
    }
}

/// What a request came to, whichever it was.
public enum CallOutcome: Sendable, Equatable {
    /// A token is at hand.
    case loggedIn
    /// The limits were read.
    case limitsRead
    /// A clear answer for each lead.
    case converted([LeadOutcome])
    /// What each lead was read as.
    case verified([LeadReading])
    /// The contacts of each address.
    case foundContacts([[FoundContact]])
    /// The accounts of each value.
    case foundAccounts([[RecordID]])
    /// What became of each record that was to be written.
    case written([RecordOutcome])
    /// The notes or tasks that were found of each.
    case found([[String]])
    /// It took no effect.
    case refused(Blocker, Reason)
    /// It may have taken effect.
    case unclear(Reason)
}

/// A reply to any request, so that one closure can answer all of them.
public struct CallReply: Sendable {
    /// What the request came to.
    public var outcome: CallOutcome
    /// The HTTP status, if an answer came.
    public var httpStatus: Int?
    /// The org's own count.
    public var usage: OrgUsage?
    /// Whether the request has surely ended.
    public var isOver: Bool

    /// A reply.
    public init(
        _ outcome: CallOutcome, httpStatus: Int? = nil, usage: OrgUsage? = nil,
        isOver: Bool = false
    ) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.usage = usage
        self.isOver = isOver
    }

    init<Value>(_ reply: Reply<Value>, _ outcome: (Value) -> CallOutcome) {
        let scripted: CallOutcome =
            switch reply.outcome {
            case .value(let value): outcome(value)
            case .refused(let blocker, let reason): .refused(blocker, reason)
            case .unclear(let reason): .unclear(reason)
            }
        self.init(
            scripted, httpStatus: reply.httpStatus, usage: reply.usage, isOver: reply.isOver)
    }

    // MARK: As the reply to one of them

    /// To a call that converts.
    public var toConversions: Reply<[LeadOutcome]> {
        typed { if case .converted(let leads) = $0 { leads } else { nil } }
    }

    /// To a question.
    public var toVerification: Reply<[LeadReading]> {
        typed { if case .verified(let leads) = $0 { leads } else { nil } }
    }

    /// To a search for contacts.
    public var toSearch: Reply<[[FoundContact]]> {
        typed { if case .foundContacts(let contacts) = $0 { contacts } else { nil } }
    }

    /// To a search for accounts.
    public var toAccountSearch: Reply<[[RecordID]]> {
        typed { if case .foundAccounts(let accounts) = $0 { accounts } else { nil } }
    }

    /// To a call that writes records.
    public var toWriting: Reply<[RecordOutcome]> {
        typed { if case .written(let records) = $0 { records } else { nil } }
    }

    /// To a search for notes or tasks.
    public var toFinding: Reply<[[String]]> {
        typed { if case .found(let ids) = $0 { ids } else { nil } }
    }

    /// To a login.
    public var toLogin: Reply<Void> {
        typed { if case .loggedIn = $0 { () } else { nil } }
    }

    /// To a reading of the limits.
    public var toReadingLimits: Reply<Void> {
        typed { if case .limitsRead = $0 { () } else { nil } }
    }

    private func typed<Value>(_ value: (CallOutcome) -> Value?) -> Reply<Value> {
        let typed: Reply<Value>.Outcome
        switch outcome {
        case .refused(let blocker, let reason): typed = .refused(blocker, reason)
        case .unclear(let reason): typed = .unclear(reason)
        default:
            guard let value = value(outcome) else {
                preconditionFailure("A test answers what it was asked.")
            }
            typed = .value(value)
        }
        return Reply(typed, httpStatus: httpStatus, usage: usage, isOver: isOver)
    }
}

extension SalesforceClient {
    /// Makes a request that is given as a value.
    public func send(_ request: CallRequest) async -> CallReply {
        switch request {
        case .logIn: CallReply(await logIn()) { .loggedIn }
        case .convert(let leads, let options):
            CallReply(await convert(leads, options, before: .now + .seconds(600))) {
                .converted($0)
            }
        case .verify(let leads): CallReply(await verify(leads)) { .verified($0) }
        case .searchContacts(let contacts):
            CallReply(await searchContacts(contacts)) { .foundContacts($0) }
        case .searchAccounts(let values):
            CallReply(await searchAccounts(values)) { .foundAccounts($0) }
        case .update(let records):
            CallReply(await update(records, before: .now + .seconds(600))) { .written($0) }
        case .create(let records):
            CallReply(await create(records, before: .now + .seconds(600))) { .written($0) }
        case .find(let records): CallReply(await find(records)) { .found($0) }
        case .readLimits: CallReply(await readLimits()) { .limitsRead }
        }
    }
}

/// A client that answers by a closure.
public struct ScriptedClient: SalesforceClient {
    private let answer: @Sendable (CallRequest) async -> CallReply
    private let isLoggedIn: @Sendable () -> Bool

    /// A client.
    public init(
        send answer: @escaping @Sendable (CallRequest) async -> CallReply,
        hasSession isLoggedIn: @escaping @Sendable () -> Bool = { true }
    ) {
        self.answer = answer
        self.isLoggedIn = isLoggedIn
    }

    /// Whether a token is at hand.
    public var hasSession: Bool { isLoggedIn() }

    /// Logs in.
    public func logIn() async -> Reply<Void> { await answer(.logIn).toLogin }

    /// Converts.
    public func convert(
        _ leads: [LeadConversion], _ options: ConvertOptions,
        before latest: ContinuousClock.Instant
    ) async -> Reply<[LeadOutcome]> {
        await answer(.convert(leads, options)).toConversions
    }

    /// Reads leads.
    public func verify(_ leads: [RecordID]) async -> Reply<[LeadReading]> {
        await answer(.verify(leads)).toVerification
    }

    /// Looks for contacts.
    public func searchContacts(_ contacts: [ContactKey]) async -> Reply<[[FoundContact]]> {
        await answer(.searchContacts(contacts)).toSearch
    }

    /// Looks for accounts.
    public func searchAccounts(_ values: [String]) async -> Reply<[[RecordID]]> {
        await answer(.searchAccounts(values)).toAccountSearch
    }

    /// Sets fields.
    public func update(
        _ records: [FieldUpdate], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        await answer(.update(records)).toWriting
    }

    /// Makes notes or tasks.
    public func create(
        _ records: [MarkedRecord], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        await answer(.create(records)).toWriting
    }

    /// Looks for notes or tasks.
    public func find(_ records: [MarkedRecord]) async -> Reply<[[String]]> {
        await answer(.find(records)).toFinding
    }

    /// Reads the limits.
    public func readLimits() async -> Reply<Void> { await answer(.readLimits).toReadingLimits }
}
