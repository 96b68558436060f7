import CSpawn
import Foundation
import Glibc
import Synchronization

/// The start of a child process, of which nothing of ours leaks into the child: Foundation's
/// `Process` lets a child that starts at the same moment keep another one's pipes open.
struct Spawn {
    var path: String
    var arguments: [String]
    var environment: [String: String]
    var folder: String?
    /// What its shell does before, such as `umask 0`; only with a folder.
    var before: String?

    /// The child's number, and our ends of its three streams.
    struct Child {
        var pid: pid_t
        var input: FileHandle
        var output: FileHandle
        var errors: FileHandle
    }

    /// A pipe must not be inherited by a child that starts between its making and its marking.
    private static let oneAtATime = Mutex(())

    func start() throws -> Child {
        try Self.oneAtATime.withLock { _ in try startAlone() }
    }

    private func startAlone() throws -> Child {
        let (input, output, errors) = (try Channel(), try Channel(), try Channel())
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            for end in [input.read, output.write, errors.write] { close(end) }
        }
        posix_spawn_file_actions_adddup2(&actions, input.read, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        // A server's connections among them: one that a child keeps is not closed for its other end.
        inherit_no_descriptors(&actions, 3)
        Self.resetSignals(&attributes)

        var pid: pid_t = 0
        let variables = environment.map { "\($0)=\($1)" }
        let command =
            folder.map { folder in
                let before = before.map { "\($0) && " } ?? ""
                return ["/bin/sh", "-c", "cd \"$0\" && \(before)exec \"$@\"", folder, path]
            } ?? [path]
        let status = Self.withStrings(command + arguments) { arguments in
            Self.withStrings(variables) { variables in
                posix_spawn(&pid, command[0], &actions, &attributes, arguments, variables)
            }
        }
        guard status == 0 else { throw CannotStart(path: path, code: status) }
        return Child(
            pid: pid, input: FileHandle(fileDescriptor: input.write, closeOnDealloc: true),
            output: FileHandle(fileDescriptor: output.read, closeOnDealloc: true),
            errors: FileHandle(fileDescriptor: errors.read, closeOnDealloc: true))
    }

    /// A thread of Dispatch, on which this may run, has signals blocked, and a child inherits that.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }
}

/// A pipe whose ends no child inherits by itself.
private struct Channel {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CannotStart(path: "a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
    }
}

/// The system did not start a program.
struct CannotStart: Error {
    var path: String
    var code: Int32
}
