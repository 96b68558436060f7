import ArgumentParser
import Foundation
import Storage

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a consistent copy of the queue, also while the daemon runs.",
        discussion: """
            --replace takes the place of an older copy of the same queue and of nothing else: not \
            of the queue itself, nor of a copy that holds more than it.

            Examples:
              leadconvert backup /var/backups/leads.db
              leadconvert backup --replace /var/backups/leads.db
            """
    )

    @Argument(help: "The copy, which must not be there yet; see --replace.")
    var file: String

    @Flag(help: "Take the place of an older copy, which stays until the new one is whole.")
    var replace = false

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.openExisting()
        let progress = StandardError.isTerminal ? try Self.progress(of: file, from: queue) : nil
        defer { progress?.end() }
        try queue.operations.backup(to: file, isReplacing: replace)
        progress?.end()
        StandardError.write("\(file): a copy of \(queue.path).\n")
    }

    /// SQLite copies in one step, so that writers meanwhile don't make it begin again; the size of the
    /// copy shows how far it is.
    private static func progress(of copy: String, from queue: JobQueue) throws -> PolledProgress {
        let size = try Dashboard(path: queue.path).fileSizes().file
        let draft = Operations.draft(ofBackup: copy)
        return PolledProgress(of: "megabyte", total: Int(size) / 1_000_000) {
            let attributes = try? FileManager.default.attributesOfItem(atPath: draft)
            return ((attributes?[.size] as? NSNumber)?.intValue ?? 0) / 1_000_000
        }
    }
}
