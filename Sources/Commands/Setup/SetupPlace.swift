import Conversion
import Foundation
import Settings
import Storage

/// Where setup puts what it was told: where an org's service looks for it, or a folder.
struct SetupPlace {
    /// The service; nil for a folder.
    let service: ServicePlaces?
    private let folder: String
    private let givenQueue: String?

    /// - Throws: 77 where the service's places are root's and we are not; 78 for a file of settings
    ///   that can't be read.
    init(_ options: PlaceOptions, folder: String?) throws {
        let service = try options.service
        let isRoot = geteuid() == 0
        if let folder {
            self.service = nil
            self.folder = URL(fileURLWithPath: folder).path
        } else if let service {
            guard isRoot else {
                throw OperatorError(
                    .permission, "The settings of an org's service are root's.",
                    remedy: "Type: sudo leadconvert setup --org \(service.org ?? "")")
            }
            self.service = service
            self.folder = service.secrets
        } else if isRoot, let only = ServicePlaces(org: nil), only.isInstalled {
            self.service = only
            self.folder = only.secrets
        } else {
            self.service = nil
            self.folder = FileManager.default.currentDirectoryPath
        }
        settings = self.service?.settings ?? "\(self.folder)/leadconvertd.env"
        // As the daemon finds it, which a service does not find in the user's environment.
        let own = ProcessInfo.processInfo.environment["LEADCONVERT_DB"]
        let known = try SettingsFile(settings).variables["LEADCONVERT_DB"].flatMap {
            $0.isEmpty ? nil : $0
        }
        givenQueue = options.database ?? known ?? (self.service == nil ? own : nil)
    }

    let settings: String

    var queue: String { givenQueue ?? service?.queue ?? "\(folder)/queue.db" }

    /// A secret's file.
    func file(of secret: SecretName) -> String { "\(folder)/\(secret.credential)" }

    func has(_ secret: SecretName) -> Bool {
        FileManager.default.fileExists(atPath: file(of: secret))
    }

    /// Whether systemd runs here, and with it the service.
    var isLive: Bool {
        service != nil && FileManager.default.fileExists(atPath: "/run/systemd/system")
    }

    /// The queue and the settings that the daemon will find.
    var context: CommandContext {
        CommandContext(database: queue, settingsFile: settings, environment: environment)
    }

    /// Whether a daemon that runs may log in otherwise than these files say. It has said which login it
    /// read; of secrets it has not, and the time of their files must do.
    func hasOtherLogin(_ daemon: DaemonLock.Holder) throws(OperatorError) -> Bool {
        let settings = try DaemonSettings(environment: context.settings, database: queue)
        guard let login = daemon.login, login.name == settings.loginName() else { return true }
        // systemd hands out credentials at a start alone.
        let read = service == nil ? login.readAt : daemon.since
        // A secret or a drop-in that was removed leaves its time in the folder.
        let folders = service.map {
            [$0.secrets, ($0.credentials as NSString).deletingLastPathComponent]
        }
        return (SecretName.allCases.map(file(of:)) + (folders ?? [])).contains { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return false }
            let time = status.st_mtim
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000 > read.milliseconds
        }
    }

    /// The option that names the queue.
    var queueOption: String {
        service?.org.map { "--org \($0)" } ?? DatabasePath(queue).option
    }

    /// What starts the daemon.
    var startCommand: String {
        service.map { "sudo systemctl enable --now \($0.unit)" }
            ?? "leadconvertd --env-file \(settings.shellQuoted) \(queueOption)"
    }

    /// Asks systemd for something.
    /// - Returns: The status of `systemctl`.
    func systemctl(_ arguments: String...) throws(OperatorError) -> Int32 {
        try runProgram("/usr/bin/env", ["systemctl"] + arguments)
    }

    /// Has systemd start or restart the service, and waits until it is ready.
    func systemctl(_ verb: String, unit: String) throws(OperatorError) {
        guard try systemctl(verb, unit) != 0 else { return }
        throw OperatorError(
            .unavailable, "\(unit) does not start.", remedy: "See: journalctl -u \(unit)")
    }

    /// The environment in which the daemon will find itself: settings of the user who types this are
    /// none of it.
    var environment: [String: String] {
        let environment = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("SALESFORCE_") && !name.hasPrefix("LEADCONVERT_")
        }
        return service?.replacing(in: environment) ?? environment
    }

    /// The service's folders: that of the queue as the unit would make it, so that members of the
    /// group may enqueue before its first start, and that of the intake's queries.
    func makeFolders() throws(OperatorError) {
        guard let service else { return }
        guard mkdir(service.queries, 0o700) == 0 || errno == EEXIST else {
            throw .notMade(service.queries)
        }
        guard !FileManager.default.fileExists(atPath: service.state) else { return }
        guard let user = getpwnam("leadconvert")?.pointee else {
            throw OperatorError(
                .systemRefused, "There is no user leadconvert.",
                remedy: "Type: systemd-sysusers leadconvertd.conf")
        }
        guard mkdir(service.state, 0o770) == 0,
            chown(service.state, user.pw_uid, user.pw_gid) == 0, chmod(service.state, 0o2770) == 0
        else {
            throw .notMade(service.state)
        }
    }
}

extension OperatorError {
    fileprivate static func notMade(_ folder: String) -> OperatorError {
        OperatorError(
            .cannotCreate, "\(folder) can't be made: \(String(cString: strerror(errno))).")
    }
}

/// What setup is about to write, and what would be lost by that.
struct SetupPlan {
    private(set) var changes = FileChanges()
    /// What was there and would not be any more, in words.
    private(set) var replaced: [String] = []
    /// The files that change.
    private(set) var written: [String] = []

    init(_ login: SetupLogin, in place: SetupPlace, _ file: SettingsFile) {
        plan(login, in: place)
        var file = file
        let old = file.text
        let names =
            SetupLogin.names + SecretName.allCases.flatMap { [$0.rawValue, $0.fileVariable] }
        var wanted = login.variables
        // A unit gives its secrets to the service by itself.
        for secret in login.secrets.keys where place.service == nil {
            wanted[secret.fileVariable] = place.file(of: secret)
        }
        for name in names { set(name, to: wanted[name], &file) }
        guard file.text != old || !file.exists else { return }
        changes.put(file.text, into: file.path, mode: 0o644)
        written.append(file.path)
    }

    private mutating func set(_ name: String, to value: String?, _ file: inout SettingsFile) {
        let old = file.variables[name] ?? ""
        guard old != value ?? "" else { return }
        if !old.isEmpty, old != ServicePlaces.exampleHost {
            replaced.append("\(name) in \(file.path)")
        }
        file.set(name, to: value)
    }

    private mutating func plan(_ login: SetupLogin, in place: SetupPlace) {
        for secret in SecretName.allCases {
            let path = place.file(of: secret)
            if let text = login.secrets[secret] ?? nil {
                // What is no text is another secret, or none of ours.
                let old = try? String(contentsOfFile: path, encoding: .utf8)
                let isSame = old?.trimmingCharacters(in: .newlines) == text
                if place.has(secret), !isSame { replaced.append(path) }
                // A file that is open to others is closed by that. Otherwise the same text stays, so
                // that a service which runs with it is not started again.
                let isOpen = FileRights(path: path).map { $0.mode & 0o037 != 0 } ?? false
                if !isSame || isOpen { changes.put("\(text)\n", into: path, mode: 0o600) }
                if !isSame { written.append(path) }
            } else if login.secrets[secret] == nil, place.service != nil, place.has(secret) {
                replaced.append("\(path), of another login, which is removed")
                changes.remove(path)
            }
        }
        if let service = place.service { plan(units: service, Set(login.secrets.keys)) }
    }

    private mutating func plan(units service: ServicePlaces, _ secrets: Set<SecretName>) {
        plan(service.credentialsText(of: secrets), service.credentials)
        plan(service.intakeCredentialsText(of: secrets), service.intakeCredentials)
        for link in service.intakeLinks where service.lacks(link) {
            changes.link(link.path, to: link.target)
            written.append(link.path)
        }
    }

    /// A drop-in; without a text there must be none. One that is not as setup writes them is somebody's.
    private mutating func plan(_ text: String?, _ path: String) {
        let old = try? String(contentsOfFile: path, encoding: .utf8)
        let isThere = FileManager.default.fileExists(atPath: path)
        let isForeign = isThere && old?.hasPrefix(ServicePlaces.header) != true
        guard let text else {
            if isForeign { replaced.append("\(path), which is removed") }
            return changes.remove(path)
        }
        guard text != old else { return }
        if isForeign { replaced.append(path) }
        changes.put(text, into: path, mode: 0o644)
        written.append(path)
    }
}
