public import Dispatch
import Foundation
import Glibc

/// Tells when another process has written to the queue's file.
///
/// The kernel's event belongs to the write into the WAL and comes before the commit can be seen,
/// for SQLite publishes a commit through shared memory, which makes no event. So each event is
/// followed by a few looks at `PRAGMA data_version`, the last one late enough for a slow disk.
public final class ChangeWatcher {
    private let source: any DispatchSourceRead
    private static let looksAfterMicroseconds = [0, 500, 2000, 8000, 32_000, 128_000]

    /// Watches the folder of `path`; `look` runs on `queue`, several times for each change.
    /// Nil when the kernel has no watch left to give: the caller's timer must do then.
    public init?(path: String, queue: DispatchQueue, look: @escaping @Sendable () -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        let folder = (path as NSString).deletingLastPathComponent
        let events = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE
        guard inotify_add_watch(descriptor, folder.isEmpty ? "." : folder, UInt32(events)) >= 0
        else {
            close(descriptor)
            return nil
        }
        let file = (path as NSString).lastPathComponent
        let latest = Latest()
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { @Sendable in
            guard Self.drain(descriptor, namesOf: file) else { return }
            let generation = latest.next(on: queue)
            for delay in Self.looksAfterMicroseconds {
                queue.asyncAfter(deadline: .now() + .microseconds(delay)) {
                    // A newer event brings looks of its own.
                    if latest.is(generation, on: queue) { look() }
                }
            }
        }
        source.setCancelHandler { @Sendable in close(descriptor) }
        source.activate()
    }

    deinit { source.cancel() }

    /// Reads all events that wait; whether one was of the file, its WAL, or lost.
    private static func drain(_ descriptor: Int32, namesOf file: String) -> Bool {
        var concerned = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return concerned }
            var offset = 0
            while offset + 16 <= count {
                let (mask, length) = buffer.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    )
                }
                let name = buffer[(offset + 16)..<min(offset + 16 + length, count)]
                    .prefix { $0 != 0 }
                let isOurs = name.elementsEqual(file.utf8) || name.elementsEqual("\(file)-wal".utf8)
                if isOurs || mask & UInt32(IN_Q_OVERFLOW) != 0 { concerned = true }
                offset += 16 + length
            }
        }
    }

    /// The number of the latest event. Read and written on the watcher's queue alone.
    private final class Latest: @unchecked Sendable {
        private var generation = 0

        func next(on queue: DispatchQueue) -> Int {
            dispatchPrecondition(condition: .onQueue(queue))
            generation += 1
            return generation
        }

        func `is`(_ other: Int, on queue: DispatchQueue) -> Bool {
            dispatchPrecondition(condition: .onQueue(queue))
            return generation == other
        }
    }
}
