import Dispatch
import Foundation
import Storage
import TestSupport
import Testing

/// Notices of what others write to the queue's file.
@Suite struct ChangeWatcherTests {
    private let queue = DispatchQueue(label: "change-watcher-tests")

    @Test(arguments: [nil, 10])
    func `what is written is noticed, again and again`(pauseMS: Int?) async throws {
        try await watching(pauseMS: pauseMS) { path, _, looks in
            for _ in 0..<3 {
                try write(to: path)
                try await next(of: looks)
            }
        }
    }

    @Test func `what is written during a suspension is noticed after it`() async throws {
        try await watching(pauseMS: nil) { path, watcher, looks in
            queue.sync { watcher.suspend() }
            try write(to: path)
            queue.sync { watcher.resume() }
            try await next(of: looks)
        }
    }

    @Test func `a suspended watcher may be released`() async throws {
        try await watching(pauseMS: nil) { _, watcher, _ in
            queue.sync { watcher.suspend() }
        }
    }

    private func watching(
        pauseMS: Int?, _ body: (String, ChangeWatcher, AsyncStream<Void>) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let (looks, look) = AsyncStream.makeStream(of: Void.self)
            let watcher = try #require(
                ChangeWatcher(path: path, queue: queue, pauseMS: pauseMS) { look.yield() })
            try await body(path, watcher, looks)
        }
    }

    private func write(to path: String) throws {
        try Data("a change".utf8).write(to: URL(fileURLWithPath: path))
    }

    private func next(of looks: AsyncStream<Void>) async throws {
        try await within(.seconds(400), "a look") {
            for await _ in looks { return }
        }
    }
}
