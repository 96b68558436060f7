public import ArgumentParser
public import Conversion
import Foundation
public import Intake
import Settings
import Storage

extension JobState: ExpressibleByArgument {}
extension Outcome: ExpressibleByArgument {}
extension IntakeFormat: ExpressibleByArgument {}
extension RetryPolicy.OnFailure: ExpressibleByArgument {}
extension RetryPolicy.OnDuplicates: ExpressibleByArgument {}
extension RetryPolicy.OnManyMatches: ExpressibleByArgument {}
extension RetryPolicy.OnNoMatch: ExpressibleByArgument {}
extension FollowUpRequest.NotePlace: ExpressibleByArgument {}

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
    static var now: Timestamp { SystemClock.now().wall }
}

/// Reads which jobs are meant: a number is a job's, anything else a lead's id.
func leadOrJob(_ argument: String) throws -> JobSelection {
    if let number = Int64(argument) { return .job(number) }
    return .lead(try leadIdentifier(argument))
}

/// Reads a lead's id.
func leadIdentifier(_ argument: String) throws -> RecordID {
    do {
        return try RecordID(argument, of: .lead)
    } catch {
        throw ValidationError("\(error).")
    }
}

/// Which queue a command works on.
struct QueueOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(
        help: ArgumentHelp(
            "The daemon's settings, NAME=value lines; they win over the environment (default: "
                + "$LEADCONVERT_ENV_FILE; else the environment, with what the queue's service adds).",
            valueName: "file"))
    var envFile: String?

    /// The queue, and the settings of its daemon.
    /// - Throws: 66 when the org of --org has not been set up.
    var context: CommandContext {
        get throws {
            let service = try place.service
            if let service, place.database == nil,
                !FileManager.default.fileExists(atPath: service.state)
            {
                let org = service.org ?? ""
                throw OperatorError(
                    .notFound, "No org is named \(org): there is no \(service.state).",
                    remedy: "To set it up: sudo leadconvert setup --org \(org)")
            }
            return CommandContext(
                database: place.database, service: service, settingsFile: envFile,
                environment: ProcessInfo.processInfo.environment)
        }
    }

    /// The command as it was typed.
    static var typed: String {
        (["leadconvert"] + CommandLine.arguments.dropFirst().map(\.shellQuoted)).joined(
            separator: " ")
    }

    /// Opens the queue to add to it; makes it if it isn't there, and says so.
    func openOrMake() throws -> JobQueue {
        let context = try context
        let isNew = try !isThere(context)
        if isNew, try context.isElsewhere() {
            StandardError.write("\(try context.noQueue())\n")
        }
        let queue = try JobQueue(path: context.queue.description, as: .client)
        // The name may be mistyped.
        if isNew {
            StandardError.write(
                "There was no queue \(try context.queue.absolute): it is made, and empty.\n")
        }
        return queue
    }

    /// Opens the queue for a command that works on what is in it; a new one is made where somebody
    /// named its file.
    /// - Throws: 66 where nobody named a file, there is none here, and a service has a queue.
    func open() throws -> JobQueue {
        let context = try context
        if try !isThere(context), try context.isElsewhere() { throw try context.noQueue() }
        return try openOrMake()
    }

    /// Opens the queue, which must be there already.
    /// - Throws: 66 when it isn't.
    func openExisting() throws -> JobQueue {
        let context = try context
        guard try isThere(context) else { throw try context.noQueue() }
        return try JobQueue(path: context.queue.description, as: .client)
    }

    /// Whether there is a queue, as far as this user can tell.
    func isThere(_ context: CommandContext) throws -> Bool {
        let path = try context.queue.description
        return FileManager.default.fileExists(atPath: path) || FileRights.isOutOfSight(path)
    }
}

/// The names of a queue, and of a service.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .customLong("db"),
        help: ArgumentHelp(
            "The queue's file (default: $LEADCONVERT_DB, else $STATE_DIRECTORY/queue.db, "
                + "else ./queue.db).", valueName: "path"
        )
    )
    var database: String?

    @Option(
        help: ArgumentHelp(
            "The queue and the settings of leadconvertd@NAME.service.", valueName: "name"))
    var org: String?

    func validate() throws {
        if database?.isEmpty == true { throw ValidationError("--db names no file.") }
        _ = try service
    }

    /// The places of the service of --org.
    var service: ServicePlaces? {
        get throws {
            try org.map { org in
                guard let places = ServicePlaces(org: org) else {
                    throw ValidationError("--org \(ServicePlaces.rule).")
                }
                return places
            }
        }
    }
}

/// How a command that asks the org itself may log in.
struct LoginOptions: ParsableArguments {
    @Flag(
        help: """
            Log in to the org with a refresh token too. If the app replaces them, the new one is kept \
            where a service finds it; another daemon that runs has to be restarted.
            """)
    var useRefreshToken = false
}

/// What a command lists, and how.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only jobs of this batch.", valueName: "name"))
    var batch: String?

    @Option(help: ArgumentHelp("Only so many, the newest.", valueName: "count"))
    var limit: Int?

    @Flag(exclusivity: .exclusive)
    var format: RowFormat?

    @OptionGroup var queue: QueueOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }
}

/// Which jobs a command changes.
struct SelectionOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Job numbers or lead ids.", valueName: "lead-or-job"),
        transform: leadOrJob
    )
    var subjects: [JobSelection] = []

    @Option(help: ArgumentHelp("All jobs of this batch.", valueName: "name"))
    var batch: String?

    /// In how many ways jobs were named.
    var count: Int { (subjects.isEmpty ? 0 : 1) + (batch == nil ? 0 : 1) }

    /// The jobs that were named.
    var selections: [JobSelection] {
        batch.map { [.batch($0)] } ?? subjects
    }
}

/// The person at the command line.
enum CurrentUser {
    /// The user's name: behind `sudo` that of the user who typed it; a number where there is none.
    static var name: String {
        let environment = ProcessInfo.processInfo.environment
        if getuid() == 0, let user = environment["SUDO_USER"], !user.isEmpty { return user }
        guard let entry = getpwuid(getuid()) else { return "uid \(getuid())" }
        return String(cString: entry.pointee.pw_name)
    }
}
