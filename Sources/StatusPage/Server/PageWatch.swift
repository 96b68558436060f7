import Conversion
import Dispatch
import Foundation
import Storage
import Synchronization

/// Keeps the page's view of the queue up to date, on a queue of its own, no matter who asks for it.
final class PageWatch: Sendable {
    private let queue = DispatchQueue(label: "leadconvertd.page.watch", qos: .utility)
    private let view: Mutex<QueueView>
    private let latest: Mutex<(snapshot: Snapshot, fault: OperatorError?)>
    private let stopping = Mutex(false)

    /// How often it looks: each look costs next to nothing while nothing happens.
    private static let intervalMS = 1000

    init(_ path: String, at now: Timestamp) throws {
        let view = QueueView(try Dashboard(path: path), at: now)
        latest = Mutex((view.snapshot, nil))
        self.view = Mutex(view)
    }

    /// The last look; throws what keeps the file from being read.
    func snapshot() throws -> Snapshot {
        let (snapshot, fault) = latest.withLock { $0 }
        if let fault { throw fault }
        return snapshot
    }

    var isStopping: Bool { stopping.withLock { $0 } }

    func start(_ now: @escaping @Sendable () -> Timestamp) {
        queue.sync { look(at: now()) }
        lookAgain(now)
    }

    func stop() { stopping.withLock { $0 = true } }

    private func lookAgain(_ now: @escaping @Sendable () -> Timestamp) {
        queue.asyncAfter(deadline: .now() + .milliseconds(Self.intervalMS)) { [weak self] in
            guard let self, !isStopping else { return }
            look(at: now())
            lookAgain(now)
        }
    }

    /// Looks at once, with all counts, after something was changed here.
    func refresh(at now: Timestamp) async {
        await withCheckedContinuation { done in
            queue.async {
                self.look(at: now, counting: true)
                done.resume()
            }
        }
    }

    private func look(at now: Timestamp, counting: Bool = false) {
        let result = view.withLock { view in
            Result {
                try view.look(at: now, counting: counting)
                return view.snapshot
            }
        }
        latest.withLock { latest in
            switch result {
            case .success(let snapshot): latest = (snapshot, nil)
            case .failure(let error): latest.fault = OperatorError(explaining: error)
            }
        }
    }
}
