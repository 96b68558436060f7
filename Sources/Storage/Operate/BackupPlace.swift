import Conversion
import Foundation
import GRDB
import Glibc

/// The file that a copy of the queue becomes, and the draft beside it that is moved there when it is
/// whole.
///
/// A name that is mistyped, or a wrong working directory, must not cost a good copy or anything else
/// that is there: only what is known to be an older copy of the queue is replaced.
struct BackupPlace {
    /// The file, as it was named.
    private let name: String
    /// The file at the end of all links.
    private let path: String

    /// What SQLite and the daemon keep beside a file.
    private static let companions = ["-wal", "-shm", "-journal", ".lock"]

    init(_ name: String) {
        self.name = name
        path = QueuePath.resolved(name)
    }

    /// Where the copy is written.
    var draft: String { path + ".unfinished" }

    /// Whether anything is there.
    var isTaken: Bool { FileStatus(path) != nil }

    // MARK: What may not be replaced

    /// - Throws: `OperatorError` 73 when the copy, or its draft, would be the queue itself or one of
    ///   the files beside it, by whatever name.
    func requireNone(ofFilesOf queue: String) throws {
        let queue = QueuePath.resolved(queue)
        let files = [queue] + Self.companions.map { queue + $0 }
        let identities = files.compactMap { FileIdentity(path: $0) }
        for file in [path, draft] {
            let isSame = FileIdentity(path: file).map(identities.contains) ?? false
            guard !isSame, !files.contains(file) else {
                throw OperatorError(
                    .cannotCreate, "\(name) is the queue itself, or a file that belongs to it.",
                    remedy: "Name another file for the copy.")
            }
        }
    }

    /// - Throws: `OperatorError` 73 when what is there is anything but a copy of the queue that is no
    ///   newer than it, and that nobody works on.
    func requireOlderCopy(of queue: JobQueue) throws {
        guard FileStatus(path)?.isRegular == true else {
            throw refused("is no regular file", remedy: "Name another file.")
        }
        guard try applicationID() == Schema.applicationID else {
            throw refused(
                "is not a copy of a queue of leads",
                remedy: "Name another file, or remove that one yourself.")
        }
        // A program that has it open would go on with a file that has no name any more, and a write-ahead
        // log that is left would be taken for the new file's.
        let hasLog = FileStatus(path + "-wal").map { $0.size > 0 } ?? false
        guard !hasLog, DaemonLock.holder(queue: path) == nil else {
            throw refused(
                "is in use as a queue, or was when its program was killed",
                remedy: "Name another file; after a program that was killed, "
                    + "leadconvert jobs --db \(name.shellQuoted) tidies up.")
        }
        // A damaged copy may be replaced.
        guard let copy = try contents() else { return }
        let remedy =
            "Name the right queue with --db or LEADCONVERT_DB; to give that copy up, remove it "
            + "yourself."
        let (identity, known) = try queue.read { (try $0.identity(), try $0.lastJob()) }
        guard copy.identity == identity else {
            throw refused("is a copy of another queue than \(queue.path)", remedy: remedy)
        }
        guard copy.lastJob <= known else {
            throw refused(
                "holds more than \(queue.path): jobs up to \(copy.lastJob), not \(known)",
                remedy: remedy)
        }
    }

    private func refused(_ reason: String, remedy: String) -> OperatorError {
        OperatorError(
            .cannotCreate, "\(name) is not replaced: it \(reason).", remedy: remedy)
    }

    /// What the header of a SQLite file says, at its byte 68; nil for any other file. It is read
    /// as bytes: SQLite would keep files beside one that is somebody else's.
    ///
    /// Source: sqlite.org, "Database File Format", 1.3.
    private func applicationID() throws -> Int? {
        var header = [UInt8](repeating: 0, count: 72)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw cannotBeMade() }
        defer { close(descriptor) }
        let magic = Array("SQLite format 3\0".utf8)
        let count = pread(descriptor, &header, header.count, 0)
        guard count == header.count, header.starts(with: magic) else { return nil }
        return header[68...].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Which queue it is a copy of, and the highest number that a job of it ever had; nil for one that is
    /// damaged.
    private func contents() throws -> (identity: String?, lastJob: Int64)? {
        try DatabaseFailure.explained(name) {
            do {
                let copy = try DatabaseQueue(path: path, configuration: .reading(waiting: 5))
                return try copy.inDatabase { (try $0.identity(), try $0.lastJob()) }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                return nil
            }
        }
    }

    // MARK: The draft

    /// Makes the draft, empty, in the place of one that a killed program left.
    /// - Throws: `OperatorError` 73 when it can't be made.
    func makeDraft() throws -> FileIdentity {
        for file in filesOfDraft {
            guard let status = FileStatus(file) else { continue }
            guard status.isRegular, unlink(file) == 0 else {
                throw OperatorError(
                    .cannotCreate, "\(file) is in the way: the copy is written there first.",
                    remedy: "Remove it, or name another file for the copy.")
            }
        }
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw cannotBeMade() }
        defer { close(descriptor) }
        guard let identity = FileIdentity(descriptor: descriptor) else { throw cannotBeMade() }
        return identity
    }

    /// Moves the draft to its place.
    /// - Throws: `OperatorError` 73 when that can't be, 75 when it is another's.
    func install(_ identity: FileIdentity) throws {
        guard FileIdentity(path: draft) == identity else {
            throw OperatorError(
                .tryLater, "Another program makes the copy \(name) at the same time.",
                remedy: "Wait until it has, or name another file.")
        }
        guard rename(draft, path) == 0 else { throw cannotBeMade() }
    }

    /// Takes the draft away, unless it is another's.
    func remove(_ identity: FileIdentity) {
        guard FileIdentity(path: draft) == identity else { return }
        for file in filesOfDraft { unlink(file) }
    }

    private var filesOfDraft: [String] {
        [draft] + ["-wal", "-shm", "-journal"].map { draft + $0 }
    }

    private func cannotBeMade() -> OperatorError {
        OperatorError(
            .cannotCreate, "\(name) can't be made: \(String(cString: strerror(errno))).",
            remedy: "Its folder must exist and be writable for this user.")
    }
}

/// What is there by a name, which may be a link.
private struct FileStatus {
    private let status: stat

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.status = status
    }

    var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }
    var size: Int { Int(status.st_size) }
}

extension Database {
    fileprivate func identity() throws -> String? {
        try String.fetchOne(self, sql: "SELECT identity FROM queue")
    }

    /// The highest number that a job ever had. Numbers are never given twice, so that a queue knows of
    /// all the jobs that its copies do.
    func lastJob() throws -> Int64 {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'"
        return try Int64.fetchOne(cachedStatement(sql: sql)) ?? 0
    }
}
