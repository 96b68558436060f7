import Conversion
import Dispatch
import Storage

/// Says when the drain is to look again by itself: at the time that it was set to, and when another
/// process has committed.
///
/// It is used on the drain's queue alone, where what it calls runs, too.
struct Alarm {
    /// How long it does not look for new work while calls are out, in milliseconds.
    private static let lookWhileBusyMS: Int64 = 100

    private let timer: any DispatchSourceTimer
    private let watcher: ChangeWatcher?
    /// How long nothing may happen before it looks, in milliseconds.
    private let maxPollIntervalMS: Int64
    /// What the timer is set to, until it fires.
    private var timerSetTo: DispatchTime?
    /// Passes in which nothing is sent, and which no answer brought: calls have a pace of their own,
    /// but what commits and timers bring is bounded by nothing else. At most 20 in any second.
    private var idlePasses = TokenBucket(capacity: 5, rate: 15, at: SystemClock.now())

    /// Not set yet.
    /// - Parameter fired: Is to call `timerFired`.
    init(
        _ jobs: JobQueue, on queue: DispatchQueue, every maxPollIntervalMS: Int64,
        timer fired: @escaping @Sendable () -> Void,
        commit changed: @escaping @Sendable () -> Void
    ) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler(handler: fired)
        timer.activate()
        watcher = ChangeWatcher(of: jobs, queue: queue, changed: changed)
        self.maxPollIntervalMS = maxPollIntervalMS
    }

    /// Sets it for the next pass. While calls are in flight the watcher is off, because most events are
    /// of our own commits; it looks every 100 ms instead, unless the wait is for the end of a call.
    /// - Parameter moment: When to look at the latest; nil when only an event can bring something.
    mutating func set(
        for moment: Moment?, at now: Moment, callsAreOut: Bool, isForSlot: Bool = false
    ) {
        var pause = maxPollIntervalMS
        if callsAreOut {
            watcher?.suspend()
            if !isForSlot { pause = min(pause, Self.lookWhileBusyMS) }
        } else {
            watcher?.resume()
        }
        if let moment { pause = min(pause, moment.since(now)) }
        setTimer(in: pause, leeway: pause > 1000 ? 50 : 0)
    }

    /// Setting a timer costs two system calls and the wake-up of a thread, and a pass that comes too
    /// early does no harm: one that is set already is only ever set earlier.
    private mutating func setTimer(in milliseconds: Int64, leeway: Int = 0) {
        let deadline = DispatchTime.now() + .milliseconds(Int(milliseconds))
        if let timerSetTo, timerSetTo <= deadline { return }
        timerSetTo = deadline
        timer.schedule(deadline: deadline, leeway: .milliseconds(leeway))
    }

    mutating func timerFired() { timerSetTo = nil }

    /// Whether a pass may begin now that no answer brings; if not, it is set to when one may.
    mutating func allowsPass() -> Bool {
        let pause = idlePasses.wait(at: SystemClock.now())
        if pause > 0 { setTimer(in: pause) }
        return pause == 0
    }

    /// Such a pass has sent nothing.
    mutating func passWasIdle() { idlePasses.spend(at: SystemClock.now()) }

    /// Never again.
    func cancel() { timer.cancel() }
}
