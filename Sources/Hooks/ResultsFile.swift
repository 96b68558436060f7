import Conversion
import Foundation
import Storage
import SystemPackage

/// A batch's results as a JSON array, beside the queue's file, for its command to read.
struct ResultsFile {
    /// Its absolute path.
    let path: String

    init(ofBatch number: Int64, queue: String) {
        path = URL(fileURLWithPath: queue).path + "-batch-\(number).json"
    }

    /// Writes it. It is there whole or not at all.
    /// - Throws: `OperatorError`: 74 when it can't be written.
    func write(_ batch: String, from queue: JobQueue) throws {
        let unfinished = path + ".unfinished"
        do {
            // A new file under that name: what others put there, a link for one, is not followed.
            unlink(unfinished)
            defer { unlink(unfinished) }
            let file = try FileDescriptor.open(
                unfinished, .writeOnly,
                options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o660))
            try file.closeAfter {
                var text = BufferedText(file)
                var array = JSONArray()
                _ = try queue.reports.readResults(batch: batch) { row in
                    try text.add(array.adding(JSON(result: { row[$0] })))
                }
                try text.add(array.end)
                try text.flush()
            }
            guard rename(unfinished, path) == 0 else { throw Errno(rawValue: errno) }
        } catch let error as Errno {
            throw OperatorError(.inputOutput, "\(path) can't be written: \(error).")
        }
    }

    /// Takes it away.
    func remove() {
        unlink(path)
    }
}

/// Text on its way into a file, in large pieces.
private struct BufferedText {
    private let file: FileDescriptor
    private var waiting: [UInt8] = []

    init(_ file: FileDescriptor) {
        self.file = file
    }

    mutating func add(_ text: String) throws {
        waiting += text.utf8
        if waiting.count >= 1 << 16 { try flush() }
    }

    mutating func flush() throws {
        _ = try file.writeAll(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
