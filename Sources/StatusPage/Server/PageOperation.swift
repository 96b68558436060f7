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

    enum Target: Sendable, Equatable {
        case job(Int64)
        case code(String, batch: String?, part: FailedPart?)
        case batch(String)
        case allFailed
        case queue
    }

    let action: Action
    let subject: Target

    init(_ action: Action, _ subject: Target) {
        self.action = action
        self.subject = subject
    }

    /// Reads a form; nil when it asks for nothing that there is.
    init?(_ action: Action, _ form: [String: String]) {
        self.action = action
        switch (action, form["job"], form["code"], form["batch"], form["all"]) {
        case (.retry, let job?, nil, nil, nil), (.cancel, let job?, nil, nil, nil):
            guard let number = Int64(job) else { return nil }
            subject = .job(number)
        case (.retry, nil, let code?, let batch, nil):
            let part = form["part"].flatMap(FailedPart.init(rawValue:))
            guard part != nil || form["part"] == nil else { return nil }
            subject = .code(code, batch: batch, part: part)
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
        case .code(let code, let batch, let part):
            [("code", code)] + (part.map { [("part", $0.rawValue)] } ?? [])
                + (batch.map { [("batch", $0)] } ?? [])
        case .batch(let name): [("batch", name)]
        case .allFailed: [("all", "failed")]
        case .queue: [("all", "queue")]
        }
    }

    /// The jobs that it retries or cancels.
    var selection: [JobSelection] {
        switch subject {
        case .job(let number): [.job(number)]
        case .code(let code, let batch, let part): [.failed(code: code, batch: batch, part: part)]
        case .batch(let name): [.batch(name)]
        case .allFailed: [.all(.failed)]
        case .queue: []
        }
    }

    /// What it is about, in words.
    var target: String { selection.first?.description ?? "queue" }
}

/// Does what is asked for on the page, in steps between which the daemon can write.
struct PageOperations: Sendable {
    let queue: JobQueue
    let dashboard: Dashboard
    /// Who is recorded: the page knows no names.
    static let name = "status page"
    /// Above so many leads one is asked first.
    static let unasked = 100
    /// How many jobs it would touch.
    func count(_ operation: PageOperation) throws -> Int {
        switch (operation.action, operation.subject) {
        case (_, .job): 1
        case (.retry, .code(let code, let batch, let part)):
            try failures(of: batch) { $0.code == code && $0.part == part ?? $0.part }
        case (.retry, .batch(let name)): try failures(of: name)
        case (.retry, _): try failures(of: nil)
        case (_, .batch(let name)): try dashboard.batch(named: name).unsettled
        default:
            try dashboard.countJobs().filter { !$0.key.isSettled }.values.reduce(0, +)
        }
    }

    private func failures(
        of batch: String?, where isMeant: (FailureGroup) -> Bool = { _ in true }
    ) throws -> Int {
        let id = try batch.map { try dashboard.batch(named: $0).id }
        return try dashboard.failuresByCode(batch: id).filter(isMeant).reduce(0) { $0 + $1.leads }
    }

    /// What was done.
    struct Done: Sendable {
        /// Jobs that were changed; nil where it was the queue as a whole, whose jobs stay as they are.
        var jobs: Int?
        /// How many of them wait for their batch to be resumed.
        var held = 0
        /// Whether the whole queue is paused, as far as it matters.
        var isQueuePaused = false
        /// What is left, if it did not get to the end.
        var rest: JobChange?
    }

    /// Does it, as far as it gets within the time.
    func perform(
        _ operation: PageOperation, at now: Timestamp, within limit: Duration
    ) throws -> Done {
        var steps: JobChange
        switch operation.action {
        case .pause, .resume:
            var batch: String?
            if case .batch(let name) = operation.subject { batch = name }
            let change = try queue.operations.pause(
                operation.action == .pause, batch: batch, at: now, by: Self.name)
            return Done(
                jobs: batch == nil ? nil : change.changed, isQueuePaused: change.isQueuePaused)
        case .retry:
            steps = try queue.operations.retrying(operation.selection, at: now, by: Self.name)
        case .cancel:
            steps = try queue.operations.cancelling(operation.selection, at: now, by: Self.name)
        }
        let deadline = ContinuousClock.now + limit
        var isLeft = true
        while isLeft, ContinuousClock.now < deadline { isLeft = try steps.next() }
        return Done(
            jobs: steps.change.changed, held: steps.change.held.values.reduce(0, +),
            isQueuePaused: try operation.action == .retry && queue.operations.isPaused(),
            rest: isLeft ? steps : nil)
    }
}
