import Conversion
import Foundation
import Glibc
import Storage

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
        // A new file under that name: what others put there, a link for one, is not followed.
        unlink(unfinished)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = open(unfinished, flags, 0o660)
        guard descriptor >= 0 else { throw failure }
        defer {
            close(descriptor)
            unlink(unfinished)
        }
        var text = Text(descriptor: descriptor)
        var array = JSONArray()
        _ = try queue.readResults(batch: batch) { row in
            try text.add(array.adding(JSON(result: { row[$0] })), or: failure)
        }
        try text.add(array.end, or: failure)
        try text.flush(or: failure)
        guard rename(unfinished, path) == 0 else { throw failure }
    }

    /// Takes it away.
    func remove() {
        unlink(path)
    }

    private var failure: OperatorError {
        let reason = String(cString: strerror(errno))
        return OperatorError(.inputOutput, "\(path) can't be written: \(reason).")
    }
}

/// Text on its way into a file, in large pieces.
private struct Text {
    let descriptor: Int32
    private var waiting: [UInt8] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    mutating func add(_ text: String, or failure: @autoclosure () -> OperatorError) throws {
        waiting += text.utf8
        if waiting.count >= 1 << 16 { try flush(or: failure()) }
    }

    mutating func flush(or failure: @autoclosure () -> OperatorError) throws {
        var rest = waiting[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw failure() }
            rest = rest.dropFirst(max(0, count))
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
