import Conversion
import Logging
import Storage
import TestSupport

@testable import Drain

/// The engine on a real queue with a clock of its own: a call is answered as soon as it is sent,
/// and waiting costs nothing.
struct VirtualDrain {
    let queue: JobQueue
    var now: Moment
    var engine: Engine
    /// All requests, in order.
    private(set) var sent: [CallRequest] = []

    init(
        _ queue: JobQueue, at start: Moment = .ms(0),
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ change: (inout DrainOptions) -> Void = { _ in },
        hasSession: @escaping () -> Bool = { true }
    ) throws {
        self.queue = queue
        now = start
        var options = DrainOptions()
        options.rate = 1000
        options.burst = 1000
        options.untilEmpty = true
        // Calls that leave one after the other are claimed one by one.
        options.concurrency = 1
        change(&options)
        engine = try Engine(
            queue: queue, options: options, hasSession: hasSession, chance: { 0 },
            logger: logger, at: now)
    }

    /// When, and after how many calls, it came to an end last; and how often it has since.
    private var lastStop: (Moment, Int)?
    private var stops = 0

    /// Runs until the drain ends, `most` calls were answered, or it waits beyond `time`.
    @discardableResult
    mutating func run(
        most: Int = 1000, latencyMS: Int64 = 10, until time: Moment? = nil,
        _ answer: (CallRequest) throws -> CallReply
    ) throws -> ExitReason? {
        while sent.count < most {
            for step in try engine.steps(at: now) {
                switch step {
                case .send(let call):
                    sent.append(call.request)
                    now = now + latencyMS
                    engine.finish(call, call.answered(try answer(call.request)), at: now)
                case .wait(let wait):
                    guard let until = wait.until else {
                        try stop()
                        return nil
                    }
                    if let time, until.since(time) > 0 {
                        now = time
                        return nil
                    }
                    now = until
                case .end(let ending):
                    try stop()
                    return ending
                }
            }
        }
        try engine.writeKeptAnswers(at: now)
        return nil
    }

    /// A test that runs it on and on, for a time or so many calls, would never end once it has.
    private mutating func stop() throws {
        if let last = lastStop, last == (now, sent.count) { stops += 1 } else { stops = 0 }
        lastStop = (now, sent.count)
        if stops > 1000 { throw RunsInVain() }
    }

    /// It was run again and again after its end.
    struct RunsInVain: Error {}

    /// How many leads each call had that converts.
    var sizes: [Int] {
        sent.compactMap { if case .convert(let leads, _) = $0 { leads.count } else { nil } }
    }
}

extension InFlightCall {
    /// The request that it makes, as a value.
    var request: CallRequest {
        switch content {
        case .conversions(let call):
            .convert(
                call.jobs.map(\.conversion),
                call.jobs.first?.policy.options ?? ConvertOptions())
        case .verification(let verification):
            .verify(verification.jobs.map(\.job.conversion.leadID))
        case .search(let search):
            switch search.kind {
            case .contact: .searchContacts(search.contactKeys)
            case .account: .searchAccounts(search.groupKeys)
            }
        case .followUps(let call):
            call.kind == .set
                ? .update(call.updates)
                : .create(call.followUps.compactMap(\.record))
        case .followUpVerification(let verification):
            .find(verification.followUps.compactMap(\.record))
        case .login: .logIn
        case .limits: .readLimits
        }
    }

    /// What comes of it, when it is answered so.
    func answered(_ reply: CallReply) -> CallResult {
        switch content {
        case .conversions(let call): .conversions(call, reply.toConversions)
        case .verification(let verification): .verification(verification, reply.toVerification)
        case .search(let search):
            switch search.kind {
            case .contact: .search(search, reply.toSearch.map { .contacts($0) })
            case .account: .search(search, reply.toAccountSearch.map { .accounts($0) })
            }
        case .followUps(let call):
            .followUps(
                call,
                call.kind == .set
                    ? reply.toWriting.map { call.outcomes(of: $0) } : reply.toWriting)
        case .followUpVerification(let verification):
            .followUpVerification(verification, reply.toFinding)
        case .login: .login(reply.toLogin)
        case .limits: .limits(reply.toReadingLimits)
        }
    }
}

extension CallReply {
    /// Every lead converted, or read as converted.
    static func allConverted(_ request: CallRequest) -> CallReply {
        let records = ConvertedRecords(accountID: "001", contactID: "003", opportunityID: nil)
        return switch request {
        case .convert(let leads, _): CallReply(.converted(leads.map { _ in .converted(records) }))
        case .verify(let leads): CallReply(.verified(leads.map { _ in .converted(records) }))
        case .searchContacts(let contacts): CallReply(.foundContacts(contacts.map { _ in [] }))
        case .searchAccounts(let values): CallReply(.foundAccounts(values.map { _ in [] }))
        case .update(let records):
            CallReply(.written(records.map { .done(id: $0.recordID) }))
        case .create(let records): CallReply(.written(records.map { .done(id: $0.mark.code) }))
        case .find(let records): CallReply(.found(records.map { _ in [] }))
        case .logIn: CallReply(.loggedIn)
        case .readLimits: CallReply(.limitsRead)
        }
    }

    /// Every lead read as not converted; conversions convert.
    static func noneConverted(_ request: CallRequest) -> CallReply {
        if case .verify(let leads) = request {
            CallReply(.verified(leads.map { _ in .notConverted }))
        } else {
            .allConverted(request)
        }
    }
}
