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
