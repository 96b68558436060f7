import CSpawn
import Foundation
import Glibc
import SystemPackage

/// A command that runs: the leader of a process group of its own.
///
/// It inherits nothing of ours but standard error, where all that it prints goes: no descriptor, no
/// signal mask, and of the environment what it is given.
///
/// posix_spawn, and not swift-subprocess: that one's teardown is over when the leader has ended, and
/// reaps it; here the rest of the group is killed first, while its number is still its own.
struct HookProcess {
    /// Its number, and its group's.
    let pid: pid_t

    /// Starts a command; until it is reaped, no other process can have its number.
    /// - Throws: `CannotStart`.
    init(_ words: [String], environment: [String: String]) throws(CannotStart) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        // Ours close on exec as they are, the queue's lock among them; a library's may not.
        inherit_no_descriptors(&actions, 3)
        Self.detach(&attributes)

        var pid: pid_t = 0
        let variables = environment.map { "\($0)=\($1)" }
        let program = words.first ?? ""
        let status = Self.withStrings(words) { words in
            Self.withStrings(variables) { variables in
                posix_spawnp(&pid, program, &actions, &attributes, words, variables)
            }
        }
        guard status == 0 else { throw CannotStart(code: status) }
        self.pid = pid
    }

    /// A group of its own, so that a timeout reaches what it starts, too; and signals as they are
    /// at a program's start: a thread of Dispatch has some blocked, and a child inherits that.
    private static func detach(_ attributes: inout posix_spawnattr_t) {
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
                | Int16(POSIX_SPAWN_SETPGROUP))
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }

    /// Calls `body` once it has ended, on a thread of its own.
    func whenEnded(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [pid] in
            var information = siginfo_t()
            // It stays a zombie, and no other process gets its number, until it is reaped.
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            body()
        }
    }

    /// Sends a signal to its group.
    func send(_ signal: Int32) {
        kill(-pid, signal)
    }

    /// The status of the ended process, as a shell tells it.
    func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

/// The system did not start a program.
struct CannotStart: Error {
    /// Its `errno`.
    let code: Int32

    /// What a shell says then: 127, it was not found; 126, it can't be run.
    var exit: Int32 { code == ENOENT ? 127 : 126 }
    var reason: String { Errno(rawValue: code).description }
}

/// What a command finds in its environment: of the daemon's own only what every program needs,
/// for the rest holds secrets.
enum HookEnvironment {
    private static let passedOn = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_ALL",
    ]

    static func of(batch: String, queue path: String, results: ResultsFile) -> [String: String] {
        let ours = ProcessInfo.processInfo.environment
        var environment = ours.filter { passedOn.contains($0.key) }
        environment["LEADCONVERT_DB"] = URL(fileURLWithPath: path).path
        environment["LEADCONVERT_BATCH"] = batch
        environment["LEADCONVERT_RESULTS"] = results.path
        return environment
    }
}
