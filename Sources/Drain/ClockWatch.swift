import Conversion
import Logging
import Storage

/// Notices when the wall clock is set: its distance from the machine's uptime jumps.
struct ClockWatch: Equatable {
    /// The moment that it saw last.
    private(set) var last: Moment

    /// A clock is steered by small steps all the time; that is not worth a write.
    private static let tolerableMS: Int64 = 2000

    init(from moment: Moment) {
        last = moment
    }

    /// How far the wall clock was set since it was last asked, in milliseconds; nil when it was
    /// not, or nothing can be said because the machine was started again.
    func jump(at now: Moment) -> Int64? {
        guard now.bootID == last.bootID else { return nil }
        let jump = (now.wall - last.wall) - (now.uptimeMS - last.uptimeMS)
        return abs(jump) > Self.tolerableMS ? jump : nil
    }

    /// This moment by the clock as it was before it was set, if that was not seen yet.
    func unset(_ now: Moment) -> Moment {
        var moment = now
        if let jump = jump(at: now) { moment.wall = now.wall + -jump }
        return moment
    }

    mutating func see(_ now: Moment) {
        last = now
    }
}

extension Engine {
    /// Before anything is written by the clock's new reading, what was decided by the old one is written,
    /// and corrected with the rest.
    mutating func watchTheClock(at now: Moment) throws {
        if let jump = clock.jump(at: now) {
            // The age of calls from before this boot is known by the wall clock only. Calls of commands are
            // among them, and count once.
            try payForChecks(at: now)
            try writeKeptAnswers()
            let day = try queue.settlements.callsOfTheLastDay(at: now)
            try queue.settlements.clockWasSet(by: jump, at: now)
            pacer.day = RollingDayUsage(day, at: now)
            logger.warning("the clock was set", metadata: ["by.s": "\(jump / 1000)"])
        }
        clock.see(now)
    }
}
