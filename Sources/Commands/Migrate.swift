import ArgumentParser
import Storage

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create the queue's file, or bring its schema up to date.",
        discussion: """
            Every command, and the daemon, do so by themselves where it is needed.

            Example:
              leadconvert migrate --db queue.db
            """
    )

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.openOrMake()
        StandardError.write("\(queue.path): the schema is up to date.\n")
    }
}
