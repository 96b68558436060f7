import Dispatch
import Foundation
import TestSupport
import Testing

/// Worlds by the hundred, each from a seed. A failing seed is named; SEED=n runs it again alone,
/// SEEDS=n sets how many there are.
@Suite struct SimulatedWorldTests {
    @Test func `every world keeps its promises`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seeds: ClosedRange<UInt64>
        if let seed = environment["SEED"].flatMap({ UInt64($0) }) {
            seeds = seed...seed
        } else {
            seeds = 1...(environment["SEEDS"].flatMap { UInt64($0) } ?? 1200)
        }
        let lanes = UInt64(ProcessInfo.processInfo.activeProcessorCount)
        let summary = try await withThrowingTaskGroup(of: Summary.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    try await withTemporaryFolder(inMemory: true) { folder in
                        let mine = seeds.filter { $0 % lanes == lane }
                        return await Summary.of(mine, in: folder)
                    }
                }
            }
            return try await group.reduce(into: Summary()) { $0.add($1) }
        }
        print("simulated worlds: \(summary)")
        for failure in summary.failures.sorted(by: { $0.seed < $1.seed }) {
            Issue.record("SEED=\(failure.seed): \(failure.what)")
        }
    }
}

/// What became of many worlds.
struct Summary: CustomStringConvertible, Sendable {
    var worlds = 0
    var steps = 0
    var calls = 0
    var crashes = 0
    var faults = 0
    var conversions = 0
    var mostTurnedAway = 0
    var failures: [(seed: UInt64, what: String)] = []

    var description: String {
        "\(worlds) seeds, \(steps) steps, \(calls) calls, \(crashes) crashes, \(faults) faults, "
            + "\(conversions) conversions, at most \(mostTurnedAway) refused readings an hour, broken \(failures.count)"
    }

    /// On a thread of its own: a world never waits, and other tests share the few threads on
    /// which Swift's tasks run.
    static func of(_ seeds: [UInt64], in folder: URL) async -> Summary {
        await withCheckedContinuation { done in
            DispatchQueue.global(qos: .utility).async {
                var summary = Summary()
                for seed in seeds { summary.run(seed, in: folder) }
                done.resume(returning: summary)
            }
        }
    }

    mutating func add(_ other: Summary) {
        worlds += other.worlds
        steps += other.steps
        calls += other.calls
        crashes += other.crashes
        faults += other.faults
        conversions += other.conversions
        mostTurnedAway = max(mostTurnedAway, other.mostTurnedAway)
        failures += other.failures
    }

    private mutating func run(_ seed: UInt64, in folder: URL) {
        worlds += 1
        do {
            let home = folder.appendingPathComponent("\(seed)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: home) }
            let world = try World(seed: seed, path: home.appendingPathComponent("queue.db").path)
            defer {
                steps += world.counts.steps
                calls += world.counts.calls
                crashes += world.counts.crashes
                faults += world.counts.faults
                conversions += world.org.conversions
                mostTurnedAway = max(mostTurnedAway, world.mostTurnedAway)
            }
            try world.run()
            try Invariants.holdAtTheEnd(world)
        } catch {
            failures.append((seed, "\(error)"))
        }
    }
}
