import Conversion
import Storage

/// What somebody asks for on the page.
struct PageOperation: Sendable, Equatable {
    enum Action: String, Sendable, CaseIterable {
        case retry
        case cancel
        case pause
        case resume

        /// As a button calls it.
        var verb: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
    }

    /// Which jobs.
    enum Target: Sendable, Equatable {
        case job(Int64)
        case code(String, batch: String?)
        case batch(String)
        case allFailed
        case queue
    }

    let action: Action
    let subject: Target

    /// Reads a form; nil when it asks for nothing that there is.
    init?(_ action: Action, _ form: [String: String]) {
        self.action = action
        switch (action, form["job"], form["code"], form["batch"], form["all"]) {
        case (.retry, let job?, nil, nil, nil), (.cancel, let job?, nil, nil, nil):
            guard let number = Int64(job) else { return nil }
            subject = .job(number)
        case (.retry, nil, let code?, let batch, nil): subject = .code(code, batch: batch)
        case (_, nil, nil, let batch?, nil): subject = .batch(batch)
        case (.retry, nil, nil, nil, "failed"): subject = .allFailed
        case (.pause, nil, nil, nil, "queue"), (.resume, nil, nil, nil, "queue"): subject = .queue
        default: return nil
        }
    }

    /// The fields of a form that asks for it.
    var fields: [(name: String, value: String)] {
        switch subject {
        case .job(let number): [("job", String(number))]
        case .code(let code, let batch): [("code", code)] + (batch.map { [("batch", $0)] } ?? [])
        case .batch(let name): [("batch", name)]
        case .allFailed: [("all", "failed")]
        case .queue: [("all", "queue")]
        }
    }

    /// As `operations.target` tells it.
    var target: String {
        switch subject {
        case .job(let number): "job \(number)"
        case .code(let code, nil): "code \(code)"
        case .code(let code, let batch?): "code \(code) of batch \(batch)"
        case .batch(let name): "batch \(name)"
        case .allFailed: "all failed"
        case .queue: "queue"
        }
    }
}

/// Does what is asked for on the page, in steps between which the daemon can write.
struct PageOperations: Sendable {
    let queue: JobQueue
    let dashboard: Dashboard
    /// Who is recorded: the page knows no names.
    static let name = "status page"
    /// Above so many leads one is asked first.
    static let unasked = 100
    /// Jobs in one transaction: some ten milliseconds' worth.
    private static let step = 200

    /// How many jobs it would touch.
    func count(_ operation: PageOperation) throws -> Int {
        switch (operation.action, operation.subject) {
        case (_, .job): 1
        case (.retry, .code(let code, nil)):
            try dashboard.failuresByCode().first { $0.code == code }?.leads ?? 0
        case (.retry, .code(let code, let batch?)):
            try dashboard.failuresByCode(batch: dashboard.batch(named: batch).id)
                .first { $0.code == code }?.leads ?? 0
        case (.retry, .batch(let name)): try dashboard.batch(named: name).failed
        case (.retry, _): try dashboard.countJobs()[.failed] ?? 0
        case (_, .batch(let name)): try dashboard.batch(named: name).unsettled
        default:
            try dashboard.countJobs().filter { !$0.key.isSettled }.values.reduce(0, +)
        }
    }

    /// What was done.
    struct Done: Sendable {
        var jobs = 0
        /// Whether there is more to do.
        var isUnfinished = false
    }

    /// Does it, as far as it gets within the time.
    /// - Parameter later: Given what is left, to be done elsewhere.
    func perform(
        _ operation: PageOperation, at now: Timestamp, within limit: Duration,
        isStopping: @escaping @Sendable () -> Bool,
        later: (@escaping @Sendable () throws -> Void) -> Void
    ) throws -> Done {
        let person = Initiator.person(Self.name)
        switch (operation.action, operation.subject) {
        case (.pause, let subject), (.resume, let subject):
            var batch: String?
            if case .batch(let name) = subject { batch = name }
            let change = try queue.operations.pause(
                operation.action == .pause, batch: batch, at: now, by: person)
            return Done(jobs: change.changed)
        case (.retry, .job(let number)):
            return Done(
                jobs: try queue.operations.retry([.job(number)], at: now, by: person).changed)
        case (.cancel, .job(let number)):
            return Done(
                jobs: try queue.operations.cancel([.job(number)], at: now, by: person).changed)
        default:
            var steps = try Steps(self, operation, at: now)
            let deadline = ContinuousClock.now + limit
            while ContinuousClock.now < deadline {
                guard try steps.next() else { return Done(jobs: steps.jobs) }
            }
            let rest = steps
            later {
                var rest = rest
                while !isStopping(), try rest.next() {}
            }
            return Done(jobs: steps.jobs, isUnfinished: true)
        }
    }

    /// A long operation, from one step to the next.
    private struct Steps: Sendable {
        private let by: PageOperations
        private let operation: PageOperation
        private let id: OperationID
        private let batch: Int64?
        private let now: Timestamp
        /// Codes whose failures are still to be retried.
        private var codes: [String?]
        private var place: ListPlace?
        var jobs = 0

        init(_ by: PageOperations, _ operation: PageOperation, at now: Timestamp) throws {
            self.by = by
            self.operation = operation
            self.now = now
            switch operation.subject {
            case .batch(let name), .code(_, batch: let name?):
                batch = try by.dashboard.batch(named: name).id
            default: batch = nil
            }
            if case .code(let code, _) = operation.subject {
                codes = [code]
            } else {
                codes = try by.dashboard.failedCodes(batch: batch)
            }
            let action: Operation.Action = operation.action == .retry ? .retry : .cancel
            id = try by.queue.operations.begin(
                action, target: operation.target, at: now, by: PageOperations.name)
        }

        /// - Returns: Whether there may be more.
        mutating func next() throws -> Bool {
            operation.action == .retry ? try retry() : try cancel()
        }

        private mutating func retry() throws -> Bool {
            guard let code = codes.first else { return false }
            let (numbers, last) = try by.dashboard.failedJobs(
                code: code, batch: batch, after: place, limit: PageOperations.step)
            place = last
            guard last != nil else {
                codes.removeFirst()
                return true
            }
            let change = try by.queue.operations.retry(
                [.jobs(numbers)], at: now, by: .operation(id))
            jobs += change.changed
            return true
        }

        private mutating func cancel() throws -> Bool {
            guard let batch else { return false }
            let numbers = try by.dashboard.waitingJobs(
                batch: batch, above: place?.id ?? 0, limit: PageOperations.step)
            guard let last = numbers.last else { return false }
            place = ListPlace(time: "", id: last)
            let change = try by.queue.operations.cancel(
                [.jobs(numbers)], at: now, by: .operation(id))
            jobs += change.changed
            return true
        }
    }
}
