import Storage
import TestSupport

/// Runs `body` with a new queue as the daemon opens it.
func withQueue<Result>(_ body: (JobQueue) async throws -> Result) async throws -> Result {
    try await withQueue(as: .daemon, body)
}
