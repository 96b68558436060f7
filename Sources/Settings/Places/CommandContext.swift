public import Conversion
import Foundation
import Salesforce

/// What a command that is typed works with: the queue, and the settings of the daemon that drains it.
///
/// Both are found as that daemon finds them: its file of settings may name the queue, too. Where a
/// service of systemd's is meant, what its unit would give it is added.
public struct CommandContext: Sendable {
    /// The file that `--db` names.
    public let database: String?
    /// The service that is meant: by `--org`, by its file of settings, or by its queue.
    public let service: ServicePlaces?
    /// The daemon's file of settings; nil where the environment holds all of them.
    public let settingsFile: String?
    /// Whether somebody named the file or its org: then it wins over the environment. Found by its
    /// queue alone, it only says what the environment does not.
    public let isFileNamed: Bool
    /// The environment, without what the file of settings says.
    public let environment: [String: String]
    private let hasOwnLogin: Bool
    private let root: String

    /// - Parameters:
    ///   - service: The service that `--org` names.
    ///   - settingsFile: The file that `--env-file` names.
    ///   - root: The folder that stands for `/`.
    public init(
        database: String? = nil, service: ServicePlaces? = nil, settingsFile: String? = nil,
        environment own: [String: String], root: String = ""
    ) {
        let reader = SettingReader(own)
        self.database = database
        self.root = root
        guard let org = service else {
            let named = settingsFile ?? reader.text("LEADCONVERT_ENV_FILE")
            // Somebody's own file of settings and the service's secrets are no one login.
            let service = (named ?? database ?? reader.text("LEADCONVERT_DB")).flatMap {
                ServicePlaces(owning: $0, root: root)
            }
            self.service = service
            self.settingsFile = named ?? service?.settingsIfSetUp
            isFileNamed = named != nil
            // No more are somebody's own variables and the service's secrets. What succeeds a refresh
            // token of theirs must not be kept in the place of the service's, either.
            hasOwnLogin =
                named == nil && own.keys.contains { $0.isOfLogin && reader.text($0) != nil }
            let given = named == nil ? own : service?.leavingOutOtherLogin(in: own) ?? own
            environment = hasOwnLogin ? own : service?.adding(to: given) ?? own
            return
        }
        self.service = org
        self.settingsFile = settingsFile ?? org.settingsIfSetUp
        isFileNamed = true
        hasOwnLogin = false
        // A queue that the shell's environment names is another's.
        environment = org.replacing(
            in: org.leavingOutOtherLogin(in: own).filter { $0.key != "LEADCONVERT_DB" })
    }

    /// The settings. Those of a file that was named take the place of the environment's; those of a
    /// file that was found by its queue are added to it, but for its login where the environment holds
    /// one.
    /// - Throws: 78, with the file's name and what is wrong with it.
    public var settings: [String: String] {
        get throws(OperatorError) {
            guard !isFileNamed, let settingsFile else {
                return try EnvironmentFile.adding(to: environment, flag: settingsFile)
            }
            let found = try EnvironmentFile.adding(to: [:], flag: settingsFile)
                .filter { !(hasOwnLogin && $0.key.isOfLogin) }
            return found.merging(environment) { $1.isEmpty ? $0 : $1 }
        }
    }

    /// What names the queue, where no flag does. A file found by its queue was found by that name.
    private var settingsOfQueue: [String: String] {
        get throws(OperatorError) { isFileNamed ? try settings : environment }
    }

    /// The queue's file.
    /// - Throws: 78, where the file of settings may name it and can't be used.
    public var queue: DatabasePath {
        get throws(OperatorError) {
            if let database { return DatabasePath(database) }
            return DatabasePath(flag: nil, environment: try settingsOfQueue)
        }
    }

    /// The status of leads that name none.
    /// - Parameter isNamed: Whether a flag names one: then a file that was only found is not read.
    /// - Throws: 78, where the file of settings can't be used.
    public func defaultStatus(isNamed: Bool) throws(OperatorError) -> String? {
        let name = "LEADCONVERT_CONVERTED_STATUS"
        guard !isFileNamed else { return SettingReader(try settings).text(name) }
        if let own = SettingReader(environment).text(name) { return own }
        return isNamed ? nil : SettingReader(try settings).text(name)
    }

    /// What keeps a command from logging in as the service does: only root may enter the folder of its
    /// secrets. Nil where nothing does, and where the settings hold a login without them.
    /// - Parameter command: What was typed.
    /// - Throws: 78, where the file of settings can't be used.
    public func loginOutOfReach(
        of command: String
    ) throws(OperatorError) -> OperatorError? {
        guard let service, !hasOwnLogin, !SalesforceSettings.Login.isGiven(in: try settings),
            access(service.secrets, X_OK) != 0, errno == EACCES
        else { return nil }
        return OperatorError(
            .permission, "Only root may read the secrets of \(service.unit).",
            remedy: "Type: sudo \(command)")
    }

    /// What a command says that finds no queue there.
    public func noQueue() throws(OperatorError) -> OperatorError {
        let others = servicesWithQueues.map { found in
            "\(found.service.unit) \(found.isSeen ? "has" : "may have") \(found.queue.option)"
        }
        return OperatorError(
            .notFound, "There is no queue \(try queue.absolute).",
            remedy: "Name another with --db, --org or LEADCONVERT_DB"
                + (others.isEmpty ? "." : ": " + others.joined(separator: ", ") + "."))
    }

    /// Whether the queue is just the one that this folder would have, while services here have theirs:
    /// then somebody is in the wrong folder.
    /// - Throws: 78, as `queue` does.
    public func isElsewhere() throws(OperatorError) -> Bool {
        guard database == nil else { return false }
        let reader = SettingReader(try settingsOfQueue)
        return reader.text("LEADCONVERT_DB") == nil && reader.text("STATE_DIRECTORY") == nil
            && !servicesWithQueues.isEmpty
    }

    private var servicesWithQueues: [ServiceQueue] { ServiceQueue.all(root: root) }
}

extension String {
    /// Whether a variable is one of those that make up a login: the host, the app, the secrets.
    fileprivate var isOfLogin: Bool { hasPrefix("SALESFORCE_") }
}

extension ServicePlaces {
    /// The service whose file of settings, or whose queue, that is; nil where it is none's.
    public init?(owning file: String, root: String = "") {
        let path = URL(fileURLWithPath: file).standardizedFileURL.path
        let places = [
            ("\(root)/etc/leadconvertd", ".env"), ("\(root)/var/lib/leadconvertd", "/queue.db"),
        ]
        for (start, end) in places where path.hasPrefix(start) && path.hasSuffix(end) {
            let name = path.dropFirst(start.count).dropLast(end.count)
            if name.isEmpty {
                self.init(org: nil, root: root)
                return
            }
            guard name.first == "@" else { continue }
            self.init(org: String(name.dropFirst()), root: root)
            return
        }
        return nil
    }

    /// The environment for a command to which the service was named. A login that the shell happens to
    /// have is another's: its secret beside this one's settings would be sent to the wrong org. What a
    /// unit of the service's gives a command stays.
    fileprivate func leavingOutOtherLogin(in own: [String: String]) -> [String: String] {
        own["STATE_DIRECTORY"] == state ? own : own.filter { !$0.key.isOfLogin }
    }

    /// Its file of settings, where somebody has set it up.
    fileprivate var settingsIfSetUp: String? { isSetUp ? settings : nil }
}

/// A service of this machine and the queue that it has, as far as the user who types a command can tell.
private struct ServiceQueue {
    var service: ServicePlaces
    var queue: DatabasePath
    /// False where the queue's folder lets nobody look.
    var isSeen: Bool

    /// Nil where there is no queue. Where nobody may look, a service that was only installed has none.
    init?(_ service: ServicePlaces) {
        // What can't be read somebody has changed: the package's own can be read by all.
        let settings = try? SettingsFile(service.settings).variables
        self.service = service
        // systemd starts a service in /.
        queue = DatabasePath(
            settings.flatMap { SettingReader($0).text("LEADCONVERT_DB") }.map {
                $0.hasPrefix("/") ? $0 : "/\($0)"
            } ?? service.queue)
        isSeen = access(queue.description, F_OK) == 0
        guard isSeen || errno == EACCES && settings.map(Self.isFilledIn) ?? true else { return nil }
    }

    /// By their state folders, which they have wherever their settings put the queue.
    static func all(root: String) -> [ServiceQueue] {
        let folders = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/var/lib")
        return (folders ?? []).sorted()
            .compactMap { ServicePlaces(owning: "\(root)/var/lib/\($0)/queue.db", root: root) }
            .compactMap(ServiceQueue.init)
    }

    /// Whether the settings are more than the example that the package puts there.
    private static func isFilledIn(_ settings: [String: String]) -> Bool {
        settings.contains { name, value in
            name.isOfLogin && !value.isEmpty && value != ServicePlaces.exampleHost
        }
    }
}
