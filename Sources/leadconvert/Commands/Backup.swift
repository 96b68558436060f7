import ArgumentParser
import Storage

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a consistent copy of the queue, also while the daemon runs.",
        discussion: """
            Example:
              leadconvert backup /var/backups/leads.db
            """
    )

    @Argument(help: "The copy, which must not be there yet.")
    var file: String

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.open()
        try queue.operations.backup(to: file)
        StandardError.write("\(file): a copy of \(queue.path).\n")
    }
}
