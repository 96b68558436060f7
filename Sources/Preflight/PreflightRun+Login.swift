import Conversion
import Drain
import Salesforce
import Settings

// Through the door: the login, and the version of the API.

extension PreflightRun {
    /// Whether we get a token.
    mutating func checkLogin(
        _ line: inout RecordedLine, _ settings: Settings.SalesforceSettings
    ) async throws -> Bool {
        let name = Name.login.rawValue
        if case .refreshToken = settings.login, !usesRefreshToken {
            // An app may replace the token whenever it is used, and the old one, which a running
            // daemon holds, is dead then.
            try note(
                .warn(
                    name, "left to the daemon, for using a refresh token may end it",
                    cure: "if the app does not rotate refresh tokens: leadconvert check "
                        + "--use-refresh-token"))
            return false
        }
        let isGiven = line.transport.hasSession
        switch try await line.logIn() {
        case .refused(let obstacle, let reason):
            let cure = reason.loginCure
            let text = reason.message.beginning(before: cure)
            try note(
                .fail(
                    name, obstacle.exit, "\(text) (\(reason.code))",
                    cure: cure ?? "try again, and look at https://status.salesforce.com"))
            return false
        case .unclear(let reason):
            try note(
                .fail(
                    name, .unavailable, "\(reason.message) (\(reason.code))",
                    cure: "try again; if it stays so, see what SALESFORCE_LOGIN_URL leads to"))
            return false
        case .loggedIn, .limitsRead, .converted, .verified, .matched:
            let host = line.transport.instanceName ?? ""
            try note(
                .ok(name, isGiven ? "a token was given, for \(host)" : "a token for \(host)"))
            return true
        }
    }

    /// Whether the org serves our version of the API, and for how long it will.
    mutating func checkVersion(
        _ line: inout RecordedLine, _ settings: Settings.SalesforceSettings,
        known: CheckReply<[String]>
    ) async throws -> Bool {
        let setting = settings.isTokenGiven ? "SALESFORCE_INSTANCE_URL" : "SALESFORCE_LOGIN_URL"
        let host = line.transport.instanceName ?? line.transport.loginHostName
        let isKnown = settings.isTokenGiven || host == line.transport.loginHostName
        let reply = isKnown ? known : try await line.ask { await $0.readVersions(of: host) }
        if let barrier = Self.barrier(.version, host, reply, setting) {
            try note(barrier)
            return false
        }
        guard case .read(let texts) = reply.outcome else {
            let reason = reply.reason ?? Reason("", "")
            let (message, cure) = Self.strange(host, reason, setting)
            try note(.fail(Name.version.rawValue, .unavailable, message, cure: cure))
            return false
        }
        let finding = Self.finding(settings.apiVersion, among: texts.compactMap(Self.number))
        try note(finding)
        return finding.status != .fail
    }

    /// Each version is promised three years, of three releases each, and a year's notice of its
    /// end. Source: SOAP API Developer Guide, "API End-of-Life Policy".
    private static func finding(_ version: String, among served: [Int]) -> Finding {
        let name = Name.version.rawValue
        guard let ours = number(version), let oldest = served.min(), let newest = served.max()
        else { return .warn(name, "the org does not tell which versions it serves") }
        let cure = "set SALESFORCE_API_VERSION=\(newest).0"
        if ours < oldest {
            let text = "\(version) is retired: the org serves \(oldest).0 to \(newest).0"
            return .fail(name, .configuration, text, cure: cure)
        }
        if !served.contains(ours) {
            let text = "\(version) is not there yet: the org serves \(oldest).0 to \(newest).0"
            return .fail(name, .configuration, text, cure: cure)
        }
        if newest - ours >= 9 {
            return .warn(
                name,
                "\(version) is past its promised three years (the newest is \(newest).0): "
                    + "Salesforce may end it with a year's notice", cure: cure)
        }
        return .ok(name, "\(version) is served, and promised for three years from its release")
    }

    private static func number(_ version: String) -> Int? {
        version.split(separator: ".").first.flatMap { Int($0) }
    }
}

extension Obstacle {
    /// How a program ends that it stops.
    var exit: ExitStatus {
        switch self {
        case .session, .permission: .permission
        case .configuration: .configuration
        case .allowance, .concurrency: .tryLater
        case .outage, .callTooLarge, .adapted: .unavailable
        }
    }
}

extension String {
    /// What stands before the cure at its end.
    fileprivate func beginning(before cure: String?) -> Substring {
        guard let cure, hasSuffix(cure) else { return self[...] }
        let end = dropLast(cure.count).lastIndex { $0 != " " && $0 != ":" }
        return end.map { self[...$0] } ?? ""
    }
}
