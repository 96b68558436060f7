import Conversion
import Foundation
import Salesforce
import Settings
import Storage
import Wiring

// What is on this machine.

extension PreflightRun {
    /// All settings, read exactly as the daemon reads them, and the line that they describe; nil
    /// when some can't be used.
    mutating func checkSettings() throws -> (DaemonSettings, SalesforceTransport)? {
        let name = Name.settings.rawValue
        do {
            let settings = try DaemonSettings.read(environment, database: databaseFlag)
            var salesforce = SalesforceSettings(settings.salesforce)
            if let store = settings.salesforce.login.refreshTokenStore {
                salesforce.keepRefreshToken = { [complain] in Self.keep($0, in: store, complain) }
            }
            let transport = try SalesforceTransport(salesforce)
            try note(.ok(name, "all right; login by \(settings.salesforce.login.flow)"))
            return (settings, transport)
        } catch let wrong as WrongSettings {
            for problem in wrong.problems {
                let given = problem.value.map { "\(problem.name)=\($0)" } ?? problem.name
                try note(
                    .fail(
                        name, .configuration, "\(given) can't be used",
                        cure: "\(problem.name): \(problem.rule)"))
            }
        } catch let error as OperatorError {
            try note(Finding(name, error))
        }
        return nil
    }

    /// The token that we had is dead from here on.
    private static func keep(
        _ token: String, in store: RefreshTokenStore, _ complain: (String) -> Void
    ) {
        var store = store
        do {
            _ = try store.keep(token)
        } catch {
            complain("\(error)")
        }
    }

    /// The queue's file and folder, and then its schema; nil when nothing can be recorded there.
    mutating func checkQueue() throws -> JobQueue? {
        let path = DatabasePath(flag: databaseFlag, environment: environment).description
        do {
            // What is not ours gets no advice about its rights.
            _ = try QueueFile.look(at: path)
        } catch let error as OperatorError where error.status == .configuration {
            try skip([.file, .folder], because: "it is not this program's")
            try note(Finding(Name.schema.rawValue, error))
            return nil
        } catch is OperatorError {
            // Its rights may be the reason, which come next; the schema tells it again.
        }
        let isThere = try checkFile(path)
        try checkFolder(of: path, isNeeded: !isThere)
        guard isThere else {
            try skip([.schema], because: "no file was found")
            return nil
        }
        do {
            return try openQueue(path)
        } catch let error as OperatorError {
            try note(Finding(Name.schema.rawValue, error))
            return nil
        }
    }

    private mutating func checkFile(_ path: String) throws -> Bool {
        let name = Name.file.rawValue
        if FileRights.isOutOfSight(path) {
            try note(.skipped(name, because: "this user can't enter the folder"))
            return false
        }
        let files = FileRights.ofQueue(path)
        guard let file = files.first, file.path == path else {
            let cure = "leadconvert migrate --db \(path.shellQuoted)"
            try note(.warn(name, "\(path) is not there yet", cure: cure))
            return false
        }
        let loose = files.filter(\.isLooserThan0660)
        if !loose.isEmpty {
            let names = loose.map { "\($0.path) is \($0.octal)" }.joined(separator: ", ")
            let paths = loose.map(\.path.shellQuoted).joined(separator: " ")
            try note(
                .fail(
                    name, .inputOutput,
                    "\(names): others than owner and group get at people's leads",
                    cure: "chmod 660 \(paths)"))
        } else if let closed = files.first(where: { !FileRights.allowUs($0.path, isFolder: false) })
        {
            try note(
                .fail(
                    name, .inputOutput,
                    "\(closed.path) is \(closed.octal) of \(closed.owner):\(closed.group), and this "
                        + "user can't read and write it",
                    cure: closed.cure))
        } else {
            try note(
                .ok(name, "\(path) is \(file.octal), for \(file.owner) and group \(file.group)"))
        }
        return true
    }

    private mutating func checkFolder(of path: String, isNeeded: Bool) throws {
        let name = Name.folder.rawValue
        let parent = (path as NSString).deletingLastPathComponent
        let folder = parent.isEmpty ? "." : parent
        guard let rights = FileRights(path: folder) else {
            return try note(
                .fail(
                    name, .cannotCreate, "\(folder) is not there",
                    cure: "mkdir -m 750 -p \(folder.shellQuoted)"))
        }
        let who = "\(folder) is \(rights.octal) of \(rights.owner):\(rights.group)"
        if rights.isOpenToAll, rights.isSticky {
            try note(
                .warn(
                    name, "\(who): anybody can put files beside the queue",
                    cure: "give the queue a folder of its own: mkdir -m 750"))
        } else if rights.isOpenToAll {
            try note(
                .fail(
                    name, .inputOutput, "\(who): anybody can put another file in the queue's place",
                    cure: "chmod o-w \(folder.shellQuoted)"))
        } else if !FileRights.allowUs(folder, isFolder: true) {
            try note(
                .fail(
                    name, isNeeded ? .cannotCreate : .inputOutput,
                    "\(who), and this user can't write there, as SQLite must",
                    cure: rights.cure))
        } else {
            try note(.ok(name, who))
        }
    }

    /// Opens the file, if it is a queue with our schema: looking must not be what changes it.
    private mutating func openQueue(_ path: String) throws -> JobQueue? {
        let name = Name.schema.rawValue
        guard try QueueFile.look(at: path) == .upToDate else {
            let cure = "leadconvert migrate --db \(path.shellQuoted)"
            try note(.warn(name, "not up to date; the daemon would see to it", cure: cure))
            return nil
        }
        let queue = try JobQueue(path: path, as: .client)
        try note(.ok(name, "up to date (\(QueueFile.migrations.last ?? "none"))"))
        return queue
    }

    /// The SQLite that this program runs with.
    mutating func checkSQLite() throws {
        let name = Name.sqlite.rawValue
        guard let version = try SQLiteVersion.ofTheLibrary() else {
            return try note(.warn(name, "does not tell its version"))
        }
        if !version.knowsOurSQL {
            try note(
                .fail(
                    name, .configuration, "\(version) has no STRICT tables, which came with 3.37",
                    cure: "install libsqlite3 3.40 or later"))
        } else if version.hasWALResetRace {
            try note(
                .warn(
                    name,
                    "\(version): two connections that checkpoint at once can lose what was just "
                        + "written (WAL-reset race); of ours only the daemon checkpoints",
                    cure: "in programs of your own that write to the queue: PRAGMA "
                        + "wal_autocheckpoint = 0; it is mended in 3.51.3, 3.50.7 and 3.44.6"))
        } else {
            try note(.ok(name, "\(version), without the WAL-reset race"))
        }
    }
}

extension FileRights {
    /// What lets somebody in who is kept out: another user, or a group that may do both.
    fileprivate var cure: String {
        let isOpenToGroup = mode & 0o060 == 0o060
        return "sudo -u \(owner) leadconvert check" + (isOpenToGroup ? ", or join \(group)" : "")
    }
}

extension LoginSettings {
    /// The flow, in words.
    fileprivate var flow: String {
        switch self {
        case .clientCredentials: "client credentials"
        case .jwtBearer(_, let username, _): "JWT bearer as \(username)"
        case .refreshToken: "refresh token"
        case .accessToken: "a given access token"
        }
    }
}
