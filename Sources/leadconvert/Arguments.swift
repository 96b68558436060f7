public import ArgumentParser
public import Conversion
import Foundation
public import Intake
import Settings

extension JobState: ExpressibleByArgument {}
extension Outcome: ExpressibleByArgument {}
extension IntakeFormat: ExpressibleByArgument {}
extension RetryPolicy.OnFailure: ExpressibleByArgument {}

extension TextEncoding: ExpressibleByArgument {
    /// The encoding of that name, in any case.
    public init?(argument: String) {
        self.init(named: argument)
    }
}

/// Reads a duration, in milliseconds.
func duration(_ argument: String) throws -> Int64 {
    guard let duration = DurationText(argument) else {
        throw ValidationError("It \(DurationText.rule).")
    }
    return duration.milliseconds
}

/// Reads a moment ahead.
func timeAhead(_ argument: String) throws -> Timestamp {
    guard let time = TimeText(ahead: argument, now: .now) else {
        throw ValidationError("It \(TimeText.aheadRule).")
    }
    return time.moment
}

/// Reads a moment past.
func timePast(_ argument: String) throws -> Timestamp {
    guard let time = TimeText(past: argument, now: .now) else {
        throw ValidationError("It \(TimeText.pastRule).")
    }
    return time.moment
}

/// Reads a command and its arguments.
func command(_ argument: String) throws -> CommandText {
    do {
        return try CommandText(argument)
    } catch {
        throw ValidationError("It \(error).")
    }
}

extension Timestamp {
    /// The wall clock's time.
    static var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }
}
