import Foundation
import Glibc

/// What the product takes longer for when its queue is large: by the size of its history, by how its
/// leads lie, and beside an operator who prunes. It is held against itself with an empty queue.
struct Burden {
    private let bench: Bench
    private let folder: URL
    /// The queue that holds much, to be copied; made once, since that takes longer than what is measured.
    private let past: URL

    init(of bench: Bench, in folder: URL) {
        self.bench = bench
        self.folder = folder
        past =
            bench.history.map { URL(fileURLWithPath: $0) }
            ?? folder.appendingPathComponent("past.db")
    }

    func measure() throws -> BurdenFigures {
        var figures = BurdenFigures()
        figures.empty = try pace { try make($0) }
        for shape in Shape.allCases {
            figures.shapes[shape] = try drain(
                bench.leads, of: try queue { try shape.write(bench.leads, to: $0) }
            ).perCall
        }
        guard !bench.past.isEmpty else { return figures }
        if !FileManager.default.fileExists(atPath: past.path) {
            try make(past.path)
            try bench.past.write(to: past.path)
        }
        figures.large = try pace { try copyPast(to: $0) }
        if bench.settled > 0 { figures.besidePrune = try besidePrune() }
        return figures
    }

    /// How it drains and is filled.
    private func pace(_ make: (String) throws -> Void) throws -> Pace {
        let path = try queue(make)
        let enqueue = try self.enqueue(bench.rows, into: path)
        var pace = try drain(bench.rows, of: path)
        pace.enqueue = enqueue
        return pace
    }

    /// The rate of the drain while settled jobs are pruned, and how many those were.
    private func besidePrune() throws -> (perSecond: Double, pruned: Int) {
        let path = try queue { try copyPast(to: $0) }
        _ = try enqueue(bench.rows, into: path)
        let before = try settled(in: path)
        let prune = try ChildProcess(
            ChildProcess.Command(
                "\(bench.binaries)/leadconvert", "prune", "--older-than", "1s", "--db", path),
            limit: limit(bench.settled))
        let rate = try drain(bench.rows, of: path).perSecond
        let pruned = before - (try settled(in: path) - bench.rows)
        _ = try prune.stop(expecting: nil)
        return (rate, pruned)
    }

    private func settled(in path: String) throws -> Int {
        Int(
            try SQLiteConnection(path: path).integer(
                "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL"))
    }

    // MARK: Steps

    /// An own queue; the one before is gone, since it may be large.
    private func queue(_ make: (String) throws -> Void) throws -> String {
        let path = folder.appendingPathComponent("burden.db").path
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let file = path + suffix
            guard FileManager.default.fileExists(atPath: file) else { continue }
            try FileManager.default.removeItem(atPath: file)
        }
        try self.make(path)
        try make(path)
        return path
    }

    private func make(_ path: String) throws {
        _ = try ChildProcess.run(
            ChildProcess.Command("\(bench.binaries)/leadconvert", "migrate", "--db", path),
            limit: .seconds(60))
    }

    private func copyPast(to path: String) throws {
        try FileManager.default.removeItem(atPath: path)
        _ = try ChildProcess.run(
            ChildProcess.Command("/usr/bin/env", "cp", "--reflink=auto", past.path, path),
            limit: .seconds(1800))
        // What is still to be written of it would hold up the first commits that are measured.
        sync()
    }

    private func limit(_ count: Int) -> Duration { .seconds(60 + count / 1000) }

    private func enqueue(_ rows: Int, into path: String) throws -> Rate {
        let csv = folder.appendingPathComponent("burden.csv").path
        try SampleLead.write(rows, to: csv)
        let command = Contender.product.enqueue(csv, into: path, of: bench)
        return Rate(rows, try ChildProcess.run(command, limit: limit(rows)))
    }

    private func drain(_ leads: Int, of path: String) throws -> Pace {
        let server = try InstantServer()
        defer { server.stop() }
        let start = ContinuousClock.now
        // Not until it is empty: with a distant day's jobs it never is.
        let program = try ChildProcess(
            Contender.product.drain(path, through: server.url, untilEmpty: false, of: bench),
            limit: limit(leads))
        let end = start + limit(leads)
        while server.soFar.leads < leads, .now < end { Thread.sleep(forTimeInterval: 0.01) }
        let cost = try program.stop()
        let seen = server.soFar
        guard seen.leads == leads, let greeting = seen.greeting, let first = seen.first,
            let last = seen.last
        else {
            throw Unfinished(description: "leadconvertd: \(seen.leads) of \(leads) were converted.")
        }
        let seconds = first.duration(to: last) / .seconds(1)
        return Pace(
            start: start.duration(to: greeting) / .milliseconds(1),
            perSecond: Double(leads) / seconds,
            perCall: seconds * 1000 / (Double(leads) / 100), peak: cost.peak)
    }
}

/// How the product fares with one queue.
struct Pace {
    /// Milliseconds from its start to its first request.
    var start: Double
    /// Leads converted a second, from the first call to the last answer.
    var perSecond: Double
    /// Milliseconds for a hundred of them.
    var perCall: Double
    /// The most memory, in MiB.
    var peak: Double?
    var enqueue: Rate?
}

/// What it came to.
struct BurdenFigures {
    var empty: Pace?
    var large: Pace?
    var besidePrune: (perSecond: Double, pruned: Int)?
    /// Milliseconds for a hundred leads: claim, call and settlement.
    var shapes: [Shape: Double] = [:]
}
