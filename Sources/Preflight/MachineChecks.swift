import Conversion
import Foundation
import Salesforce
import Settings
import Storage

// What is on this machine.

extension CheckContext {
    /// All settings, read exactly as the daemon reads them, and the connection that they describe.
    mutating func checkSettings() throws -> [Finding] {
        if let error = try options.context.loginOutOfReach(of: options.command) { throw error }
        do {
            let settings = try DaemonSettings.read(
                environment, database: options.context.database)
            connect(settings, try SalesforceTransport(settings, warn: warn))
            return [.ok("all right; login by \(settings.salesforce.login.flow)")]
        } catch let wrong as WrongSettings {
            return wrong.problems.map { problem in
                let given = problem.value.map { "\(problem.name)=\($0)" } ?? problem.name
                return .fail(
                    .configuration, "\(given) can't be used",
                    remedy: "\(problem.name): \(problem.rule)")
            }
        }
    }

    /// Who may read and write the queue's file, and those that SQLite keeps beside it.
    func checkFile() -> [Finding] {
        guard foreign == nil else { return [.skipped(because: "it is not this program's")] }
        guard !FileRights.isOutOfSight(path) else {
            return [.skipped(because: "this user can't enter the folder")]
        }
        let files = FileRights.ofQueue(path)
        guard let file = files.first, file.path == path else {
            return [.warn("\(path) is not there yet", remedy: migrate)]
        }
        let loose = files.filter(\.isLooserThan0660)
        if !loose.isEmpty {
            let names = loose.map { "\($0.path) is \($0.octal)" }.joined(separator: ", ")
            let paths = loose.map(\.path.shellQuoted).joined(separator: " ")
            return [
                .fail(
                    .inputOutput, "\(names): file is readable by other users",
                    remedy: "chmod 660 \(paths)")
            ]
        }
        if let closed = files.first(where: { !FileRights.allowUs($0.path, isFolder: false) }) {
            return [
                .fail(
                    .inputOutput,
                    "\(closed.path) is \(closed.octal) of \(closed.owner):\(closed.group), and this "
                        + "user can't read and write it", remedy: remedy(closed))
            ]
        }
        return [.ok("\(path) is \(file.octal), for \(file.owner) and group \(file.group)")]
    }

    /// Who may put files beside it.
    func checkFolder() -> [Finding] {
        guard foreign == nil else { return [.skipped(because: "it is not this program's")] }
        let parent = (path as NSString).deletingLastPathComponent
        let folder = parent.isEmpty ? "." : parent
        guard let rights = FileRights(path: folder) else {
            return [
                .fail(
                    .cannotCreate, "\(folder) is not there",
                    remedy: "mkdir -m 750 -p \(folder.shellQuoted)")
            ]
        }
        let who = "\(folder) is \(rights.octal) of \(rights.owner):\(rights.group)"
        switch (rights.isOpenToAll, rights.isSticky) {
        case (true, true):
            return [
                .warn(
                    "\(who): anybody can put files beside the queue",
                    remedy: "give the queue a folder of its own: mkdir -m 750")
            ]
        case (true, false):
            return [
                .fail(
                    .inputOutput, "\(who): anybody can put another file in the queue's place",
                    remedy: "chmod o-w \(folder.shellQuoted)")
            ]
        case _ where !FileRights.allowUs(folder, isFolder: true):
            return [
                .fail(
                    hasFile ? .inputOutput : .cannotCreate,
                    "\(who), and this user can't write there, as SQLite must",
                    remedy: remedy(rights))
            ]
        default:
            return [.ok(who)]
        }
    }

    /// Opens the file, if it is a queue with our schema: looking must not be what changes it.
    mutating func checkSchema() throws -> [Finding] {
        if let foreign { throw foreign }
        guard hasFile else { return [.skipped(because: "no file was found")] }
        guard try QueueFile.look(at: path) == .upToDate else {
            return [.warn("not up to date; the daemon would see to it", remedy: migrate)]
        }
        queue = try JobQueue(path: path, as: .client)
        return [.ok("up to date (\(QueueFile.migrations.last ?? "none"))")]
    }

    private var hasFile: Bool {
        !FileRights.isOutOfSight(path) && FileRights.ofQueue(path).first?.path == path
    }

    /// What lets somebody in who is kept out: another user, or a group that may do both. Beside its
    /// queue a service has secrets, which are root's.
    private func remedy(_ closed: FileRights) -> String {
        let isOpenToGroup = closed.mode & 0o060 == 0o060
        let user = options.context.service == nil ? "-u \(closed.owner) " : ""
        return "sudo \(user)\(options.command)" + (isOpenToGroup ? ", or join \(closed.group)" : "")
    }

    private var migrate: String { "leadconvert migrate --db \(path.shellQuoted)" }
}

extension SQLiteVersion {
    /// What the SQLite that this program runs with is fit for.
    var finding: Finding {
        if !knowsOurSQL {
            return .fail(
                .configuration, "\(self) has no STRICT tables, which came with 3.37",
                remedy: "install libsqlite3 3.40 or later")
        }
        if hasWALResetRace {
            return .warn(
                "\(self): two connections that checkpoint at once can lose what was just "
                    + "written (WAL-reset race); of ours only the daemon checkpoints",
                remedy: "in programs of your own that write to the queue: PRAGMA "
                    + "wal_autocheckpoint = 0; it is fixed in 3.51.3, 3.50.7 and 3.44.6")
        }
        return .ok("\(self), without the WAL-reset race")
    }
}

extension SalesforceSettings.Login {
    /// The flow, in words.
    fileprivate var flow: String {
        switch self {
        case .clientCredentials: "client credentials"
        case .jwtBearer(_, let username, _, _): "JWT bearer as \(username)"
        case .refreshToken: "refresh token"
        case .accessToken: "a given access token"
        }
    }
}
