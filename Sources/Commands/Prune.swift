import ArgumentParser
import Conversion
import Storage

struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete jobs that were settled long ago, with their log.",
        discussion: """
            It works in small steps, between which the daemon goes on.

            A group (--group-by) is known by its jobs: when they are pruned, a lead of that group that \
            comes later makes a new account. enqueue with --match-account finds the one that is there.

            Example:
              leadconvert prune --older-than 90d
            """
    )

    @Option(
        help: ArgumentHelp("How long ago they were settled at least.", valueName: "duration"),
        transform: duration
    )
    var olderThan: Int64

    @OptionGroup var options: QueueOptions

    func run() throws {
        let now = Timestamp.now
        let queue = try options.open()
        let operation = try queue.operations.begin(
            .prune, target: "settled before \(now + -olderThan)", at: now, by: CurrentUser.name)
        let total =
            StandardError.isTerminal
            ? try Dashboard(path: queue.path).countSettled(before: now + -olderThan) : nil
        var progress = Progress(of: "job")
        let pruned = try queue.operations.prune(
            before: now + -olderThan, callsBefore: now + -max(olderThan, 86_400_000),
            as: operation,
            progress: { progress.show($0.jobs, of: total, "\(counted($0.calls, "call")) deleted") })
        progress.clear()
        let output = Output()
        try output.writeLine(
            "\(counted(pruned.jobs, "job")), \(counted(pruned.logRows, "log row")) and "
                + "\(counted(pruned.calls, "call")) deleted."
        )
        if pruned.keepsFreePages > 0 {
            try output.writeLine(
                "The file keeps \(counted(pruned.keepsFreePages, "free page")), which new rows will "
                    + "use. To make it smaller, stop the daemon, then: sqlite3 \(queue.path.shellQuoted) "
                    + "'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'")
        }
        try output.flush()
    }
}
