import Synchronization

/// A value that tests can wait on: until it is as they want it, or their task is cancelled.
public final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let isMet: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var value: Value
        var waiting: [Int: Waiter] = [:]
        var cancelled: Set<Int> = []
        var tickets = 0
    }

    private let state: Mutex<State>

    /// A value as it is at first.
    public init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// The value as it is now.
    public var value: Value { state.withLock(\.value) }

    /// Changes it, and wakes whoever waited for that.
    public func change(_ body: @Sendable (inout Value) -> Void) {
        state.withLock { state in
            body(&state.value)
            for (ticket, waiter) in state.waiting where waiter.isMet(state.value) {
                state.waiting[ticket] = nil
                waiter.continuation.resume()
            }
        }
    }

    /// Returns once it is as wanted, with the value as it is then.
    /// - Throws: `CancellationError`.
    @discardableResult
    public func wait(until isMet: @escaping @Sendable (Value) -> Bool) async throws -> Value {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                wait(ticket, Waiter(isMet: isMet, continuation: continuation))
            }
        } onCancel: {
            giveUp(ticket)
        }
        return value
    }

    private func wait(_ ticket: Int, _ waiter: Waiter) {
        state.withLock { state in
            if waiter.isMet(state.value) {
                waiter.continuation.resume()
            } else if state.cancelled.remove(ticket) != nil {
                waiter.continuation.resume(throwing: CancellationError())
            } else {
                state.waiting[ticket] = waiter
            }
        }
    }

    private func giveUp(_ ticket: Int) {
        state.withLock { state in
            guard let waiter = state.waiting.removeValue(forKey: ticket) else {
                state.cancelled.insert(ticket)
                return
            }
            waiter.continuation.resume(throwing: CancellationError())
        }
    }
}

/// Something that should have happened by now.
public struct TookTooLong: Error, CustomStringConvertible {
    /// What did not happen, and in which time.
    public let description: String
}

/// Runs `body`, but not for longer than a limit. No test waits without one.
/// - Throws: `TookTooLong` with `event` in it; what `body` throws.
@discardableResult
public func within<Result: Sendable>(
    _ limit: Duration, _ event: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TookTooLong(description: "\(event): not within \(limit)")
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else {
            throw TookTooLong(description: "\(event): nobody was at it")
        }
        return result
    }
}
