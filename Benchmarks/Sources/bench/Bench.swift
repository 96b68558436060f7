import ArgumentParser
import Foundation

/// How fast we settle leads, against how fast this machine's SQLite could.
///
/// Each round makes a queue, copies it, and puts each copy through one of the courses, so that all
/// of them meet the same file on the same machine in the same minute. Medians are printed.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Leads settled a second, and what SQLite alone could do.",
        discussion: "The figures mean something in a release build: swift run -c release bench",
        subcommands: [Run.self, Serve.self], defaultSubcommand: Run.self)

    /// Measures.
    struct Run: AsyncParsableCommand {
        @Option(help: "Leads in each round.")
        var leads = 100_000

        @Option(help: "Rounds; the table shows their medians.")
        var rounds = 3

        @Option(help: "One course only: \(Course.names).")
        var only: Course?

        func validate() throws {
            guard (1...9_999_999).contains(leads), rounds > 0 else {
                throw ValidationError("Give 1 to 9,999,999 leads and at least one round.")
            }
        }

        func run() async throws {
            let server = try ServerProcess()
            defer { server.stop() }
            let bench = Rounds(leads: leads, courses: only.map { [$0] } ?? Course.allCases)
            var figures: [Course: [Figure]] = [:]
            for _ in 0..<rounds {
                try await bench.round(against: server.url) { figures[$0, default: []].append($1) }
            }
            print(Report(leads: leads, rounds: rounds, figures: figures))
        }
    }

    /// The other end, in a process of its own so that its work is not counted as ours.
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(shouldDisplay: false)

        func run() async throws {
            try await InstantServer.run()
        }
    }
}
