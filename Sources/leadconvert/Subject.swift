import ArgumentParser
import Conversion

/// A job's number, or a lead's id.
enum Subject: Sendable {
    case job(Int64)
    case lead(RecordID)

    /// Reads an argument: a number is a job's, anything else a lead's id.
    static func read(_ argument: String) throws -> Subject {
        if let number = Int64(argument) { return .job(number) }
        return .lead(try lead(argument))
    }

    /// Reads a lead's id.
    static func lead(_ argument: String) throws -> RecordID {
        do {
            return try RecordID(argument, of: .lead)
        } catch {
            throw ValidationError("\(error).")
        }
    }
}
