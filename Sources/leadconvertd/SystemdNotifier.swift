// See Journal.swift for the first of these.
import CDispatch
import Conversion
import Dispatch
import Drain
import Glibc
import Settings
import Storage
import Synchronization

/// What systemd is told of the daemon's life, and when; where no systemd listens there is none of
/// this type.
///
/// The drain's passes drive it: each may feed the watchdog, ask for more time to
/// stop, or bring the status up to date.
final class SystemdNotifier: Sendable {
    private struct State {
        var watchdog: Watchdog?
        var stopUntil: Moment?
        var status = ""
        /// When the queue may be looked at again; nil while a look is ahead.
        var lookAt: DispatchTime? = DispatchTime(uptimeNanoseconds: 1)
    }

    private let socket: DatagramSocket
    private let callTimeoutMS: Int64
    /// Passes of the drain come at least that often.
    let maxPollIntervalMS: Int64
    private let state: Mutex<State>
    /// Apart from the drain's: counting a million leads must not keep them from leaving.
    private let queue = DispatchQueue(label: "leadconvertd.systemd", qos: .utility)
    private let jobs: JobQueue
    private let path: DatabasePath

    /// How long calls may be expected to settle before we are heard of again: three passes.
    private static let extensionMS: Int64 = 15_000
    /// From the stop's deadline to our exit.
    private static let exitMS = Int64(Daemon.secondsToLeave) * 1000
    private static let lookPauseNS: UInt64 = 1_000_000_000

    /// Nil when the environment names no socket to tell anything to.
    /// - Throws: `OperatorError` when the queue's file can't be read.
    init?(_ environment: [String: String], queue path: String, callTimeoutMS: Int64) throws {
        // Source: sd_notify(3).
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        socket = DatagramSocket(path: name)
        self.callTimeoutMS = callTimeoutMS
        let watchdog = Watchdog(environment, pid: getpid())
        maxPollIntervalMS = watchdog?.maxPollIntervalMS ?? DrainLoop.maxPollIntervalMS
        state = Mutex(State(watchdog: watchdog))
        jobs = try JobQueue(path: path, as: .client)
        self.path = DatabasePath(path)
    }

    /// The queue is open and signals are handled; or settings were read again.
    func ready() { tellUnlessStopping("READY=1") }

    /// Settings are being read again; `ready` follows.
    func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
        tellUnlessStopping("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }

    /// No new calls; those in flight settle within so many milliseconds, or are left. It is said
    /// once, however often we are told to stop.
    func stopping(withinMS milliseconds: Int64) {
        let now = SystemClock.now()
        state.withLock { state in
            guard state.stopUntil == nil else { return }
            state.stopUntil = now + milliseconds
            tell("STOPPING=1")
        }
    }

    private func tellUnlessStopping(_ notice: String) {
        state.withLock { state in
            if state.stopUntil == nil { tell(notice) }
        }
    }

    private func tell(_ notice: String) {
        // A service manager that does not listen is no reason to stop.
        _ = socket.send(Array(notice.utf8))
    }

    // MARK: The drain's passes

    /// Sees how the drain stands after a pass, on the drain's queue.
    func see(_ status: DrainStatus) {
        state.withLock { state in
            if state.watchdog?.isFed(by: status, callTimeoutMS: callTimeoutMS) == true {
                tell("WATCHDOG=1")
            }
            guard let until = state.stopUntil else { return look(status, &state) }
            guard status.callsInFlight > 0 else { return }
            extend(until, at: status.at)
            let calls = status.callsInFlight == 1 ? "1 call" : "\(status.callsInFlight) calls"
            show("letting \(calls) settle, until \(until.wall.second) at most", &state)
        }
    }

    /// Commands of batches still run while we stop.
    func commandsRun(_ count: Int) {
        state.withLock { state in
            guard let until = state.stopUntil else { return }
            extend(until, at: SystemClock.now())
            let commands = count == 1 ? "1 command" : "\(count) commands"
            show("letting \(commands) end, until \(until.wall.second) at most", &state)
        }
    }

    /// Asks for as much time as the stop's deadline leaves and a while needs, whichever is less:
    /// a daemon that hangs in its stop asks no more, and is ended before the deadline.
    private func extend(_ until: Moment, at now: Moment) {
        let left = min(until.since(now) + Self.exitMS, Self.extensionMS)
        tell("EXTEND_TIMEOUT_USEC=\(left * 1000)")
    }

    /// Looks at the queue now or, if it has just done so, in a while.
    private func look(_ status: DrainStatus, _ state: inout State) {
        if status.isStorageFailing { return show("the queue's file can't be written", &state) }
        guard let lookAt = state.lookAt else { return }
        state.lookAt = nil
        queue.asyncAfter(deadline: max(lookAt, .now())) { self.look() }
    }

    /// A look at a queue of millions takes its time: only a fiftieth of all time goes into it.
    private func look() {
        let start = DispatchTime.now()
        let text: String
        do {
            text = try jobs.reports.status(at: SystemClock.now().wall).line(of: path)
        } catch {
            text = "the queue's file can't be read"
        }
        let end = DispatchTime.now().uptimeNanoseconds
        let pause = max(Self.lookPauseNS, 50 * (end - start.uptimeNanoseconds))
        state.withLock { state in
            state.lookAt = DispatchTime(uptimeNanoseconds: end + pause)
            if state.stopUntil == nil { show(text, &state) }
        }
    }

    /// Shows it as the service's status, unless it is there already.
    private func show(_ text: String, _ state: inout State) {
        guard text != state.status else { return }
        state.status = text
        tell("STATUS=\(text.prefix(1).uppercased())\(text.dropFirst()).")
    }
}

/// systemd's watchdog, which kills us when it has not been fed for its interval.
///
/// There is no timer here that would feed it whatever happens: each pass that the drain brings to
/// its end may feed it, if the drain makes progress as `DrainStatus` defines it. For that passes
/// come at least every quarter of the interval, and feed at most that often: so it's fed within
/// half of it, which leaves the other half to a busy machine.
struct Watchdog: Equatable {
    private let quarterMS: Int64
    private var fedAt: Moment?

    /// The one that the environment asks of this process, if it does. Source:
    /// sd_watchdog_enabled(3).
    init?(_ environment: [String: String], pid: Int32) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }),
            microseconds > 0
        else { return nil }
        if let meant = environment["WATCHDOG_PID"], meant != "\(pid)" { return nil }
        quarterMS = max(1, microseconds / 4000)
    }

    /// How often passes have to come.
    var maxPollIntervalMS: Int64 { min(quarterMS, DrainLoop.maxPollIntervalMS) }

    /// Whether to feed it after this pass.
    mutating func isFed(by status: DrainStatus, callTimeoutMS: Int64) -> Bool {
        if let fedAt, status.at.since(fedAt) < quarterMS { return false }
        guard status.isProgress(callTimeoutMS: callTimeoutMS) else { return false }
        fedAt = status.at
        return true
    }
}

extension QueueStatus {
    /// The queue in one short line, as `systemctl status` shows it.
    func line(of queue: DatabasePath) -> String {
        let left = counts.left
        var line = left == 1 ? "1 lead to go" : "\(left == 0 ? "no" : "\(left)") leads to go"
        if let held = counts[.held], held > 0 { line += ", \(held) held" }
        if left > 0, ratePerSecond > 0 { line += ", \(rate) a second" }
        if isPaused { return line + "; paused (go on with: leadconvert resume \(queue.option))" }
        guard left > 0, let waitingFor else { return line }
        return line + "; waiting for \(waitingFor.phrase)"
            + (waitingUntil.map { " until \($0.second)" } ?? "")
    }

    /// A decimal is enough, and the line changes the less for it.
    private var rate: String {
        ratePerSecond < 10
            ? "\((ratePerSecond * 10).rounded() / 10)" : "\(Int(ratePerSecond.rounded()))"
    }
}

extension Timestamp {
    /// `2026-11-22T07:31:48Z`: a person needs no milliseconds.
    var second: String { description.prefix(19) + "Z" }
}
