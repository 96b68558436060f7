public import Dispatch
import Foundation
import Glibc

/// Tells when another process has written to the queue's file.
///
/// The kernel's event belongs to the write into the WAL and comes before the commit can be seen,
/// because SQLite publishes a commit through shared memory, which makes no event. So each event is
/// followed by a few looks at `PRAGMA data_version`, the last one late enough for a slow disk.
public final class ChangeWatcher {
    private static let looksAfterMicroseconds = [500, 2000, 8000, 32_000, 128_000]

    private let queue: DispatchQueue
    private let source: any DispatchSourceRead
    private let timer: any DispatchSourceTimer
    private let pause: DispatchTimeInterval?
    private let report: @Sendable () -> Void
    private let version: (@Sendable () throws -> Int64)?
    private let descriptor: CInt
    private let folder: String
    // What follows is read and written on the queue alone.
    /// Which of the looks after an event comes next; nil when none does.
    private var nextLook: Int?
    private var seenVersion: Int64 = -1
    private var isSuspended = false
    /// The kernel's number of the watch; nil while there is none.
    private var watch: CInt?

    private static let events = UInt32(
        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE)

    /// Watches the folder of `path`; `look` runs on `queue`, several times for each change. Nil when
    /// the kernel has no watch left to give: the caller's timer must do then.
    ///
    /// With a pause in milliseconds it looks once for all that happens within each pause, at its
    /// end: for a reader that is in no hurry.
    public convenience init?(
        path: String, queue: DispatchQueue, pauseMS: Int? = nil,
        look: @escaping @Sendable () -> Void
    ) {
        self.init(path: path, queue: queue, pauseMS: pauseMS, version: nil, report: look)
    }

    /// The same for a queue's file; `changed` runs once for each look that finds a commit of another
    /// connection than this one.
    public convenience init?(
        of jobs: JobQueue, queue: DispatchQueue, pauseMS: Int? = nil,
        changed: @escaping @Sendable () -> Void
    ) {
        self.init(
            path: jobs.path, queue: queue, pauseMS: pauseMS,
            version: { try jobs.dataVersion() }, report: changed)
    }

    private init?(
        path: String, queue: DispatchQueue, pauseMS: Int?,
        version: (@Sendable () throws -> Int64)?, report: @escaping @Sendable () -> Void
    ) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        let path = QueuePath.resolved(path)
        let folder = (path as NSString).deletingLastPathComponent
        let watch = inotify_add_watch(descriptor, folder, Self.events)
        guard watch >= 0 else {
            close(descriptor)
            return nil
        }
        (self.descriptor, self.folder, self.watch) = (descriptor, folder, watch)
        self.queue = queue
        self.version = version
        self.report = report
        pause = pauseMS.map { .milliseconds($0) }
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        timer = DispatchSource.makeTimerSource(queue: queue)
        let file = (path as NSString).lastPathComponent
        source.setEventHandler { @Sendable [weak self] in
            if Self.drain(descriptor, namesOf: file) { self?.changed() }
        }
        source.setCancelHandler { @Sendable in close(descriptor) }
        timer.setEventHandler { @Sendable [weak self] in self?.lookAgain() }
        timer.activate()
        source.activate()
    }

    deinit {
        // A suspended source must not be released.
        if isSuspended { source.resume() }
        source.cancel()
        timer.cancel()
    }

    /// Looks no more until `resume`: while the caller looks by itself, the events of its own commits
    /// are only work, for the kernel as well.
    public func suspend() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard !isSuspended else { return }
        isSuspended = true
        nextLook = nil
        source.suspend()
        if let watch { inotify_rm_watch(descriptor, watch) }
        watch = nil
    }

    /// Looks again, and once for all that happened meanwhile.
    public func resume() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard isSuspended else { return }
        isSuspended = false
        let number = inotify_add_watch(descriptor, folder, Self.events)
        watch = number < 0 ? nil : number
        source.resume()
        nextLook = 0
        schedule()
    }

    private func changed() {
        dispatchPrecondition(condition: .onQueue(queue))
        if let pause {
            // The watch stays: what happens in the pause makes an event after it.
            isSuspended = true
            source.suspend()
            timer.schedule(deadline: .now() + pause)
            return
        }
        look()
        // One timer for all events of a moment.
        guard nextLook != 0, !isSuspended else { return }
        nextLook = 0
        schedule()
    }

    private func look() {
        if let version {
            // A file that is busy just now is looked at again: there are several looks.
            guard let now = try? version(), now != seenVersion else { return }
            seenVersion = now
        }
        report()
    }

    private func lookAgain() {
        dispatchPrecondition(condition: .onQueue(queue))
        if pause != nil {
            look()
            isSuspended = false
            source.resume()
        } else if let number = nextLook {
            look()
            // The look may have led to a suspension.
            guard nextLook == number else { return }
            nextLook = number + 1
            schedule()
        }
    }

    private func schedule() {
        guard let number = nextLook, number < Self.looksAfterMicroseconds.count else {
            nextLook = nil
            return
        }
        let delay = Self.looksAfterMicroseconds[number]
        timer.schedule(deadline: .now() + .microseconds(delay))
    }

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
}

// All that changes is used on the one queue that its user gave, which each method asserts.
extension ChangeWatcher: @unchecked Sendable {}
