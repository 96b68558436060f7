import ArgumentParser
import Foundation

/// Measures the built programs beside a script that does the same, and beside SQLite alone.
///
/// All of them meet the same server on the same machine within the same minutes: the ratios mean
/// something, the figures alone do not.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "The drain, enqueueing and the wake-up, beside a script and SQLite alone.",
        discussion: "Use it through Benchmarks/run, which builds what it measures.")

    @Option(help: "The folder of leadconvertd and leadconvert, release builds.")
    var binaries = ".build/release"

    @Option(help: "The script to compare with.")
    var script = "Benchmarks/script.py"

    @Option(help: "Leads to drain against an instant server.")
    var leads = 100_000

    @Option(help: "Leads to drain at 200 ms a call; a multiple of 800 fills all calls.")
    var slowLeads = 16_000

    @Option(help: "Rows of the CSV file to enqueue.")
    var rows = 200_000

    @Option(help: "Leads that an idle queue is woken for, one at a time; a minute at most.")
    var wakes = 500

    @Option(help: "Settled jobs of the queue that an empty one is compared with.")
    var settled = 0

    @Option(help: "Jobs of that queue that wait for a distant day.")
    var queued = 0

    @Option(
        help: ArgumentHelp(
            "Where that queue is kept for the next run; made if it is not there.", valueName: "file"
        ))
    var history: String?

    @Flag(help: "Measure leadconvertd beside itself only: what a large queue costs.")
    var burdenOnly = false

    var past: Past { Past(settled: settled, queued: queued) }

    func validate() throws {
        guard [leads, slowLeads, rows].allSatisfy((100...10_000_000).contains), wakes > 0 else {
            throw ValidationError("Give 100 to 10,000,000 leads and rows, and at least one wake.")
        }
        guard [settled, queued].allSatisfy((0...20_000_000).contains) else {
            throw ValidationError("Give 0 to 20,000,000 settled and queued jobs.")
        }
    }

    func run() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("leadconvertd-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { remove(folder) }
        print(Machine.description(binaries: binaries))
        if !burdenOnly { print(try compare(in: folder), terminator: "\n\n") }
        print(try Burden(of: self, in: folder).measure().text(of: self))
    }

    /// The limit, the script and the product, side by side.
    private func compare(in folder: URL) throws -> String {
        var table = Table()
        table.limit.enqueue = try Limit(path: folder.appendingPathComponent("fill.db").path)
            .fill(rows: rows)
        let limit = try Limit(path: folder.appendingPathComponent("limit.db").path)
        _ = try limit.fill(rows: leads)
        table.limit.drain = try limit.drain()
        for contender in Contender.allCases {
            let course = try Course(contender, in: folder, of: self)
            table[contender] = try course.run()
        }
        return table.text(slowLeads: slowLeads)
    }

    private func remove(_ folder: URL) {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            FileHandle.standardError.write(Data("bench: \(folder.path) is left behind\n".utf8))
        }
    }
}

/// A measurement that did not get to its end, or whose end is not what was asked for.
struct Unfinished: Error, CustomStringConvertible {
    var description: String
}
