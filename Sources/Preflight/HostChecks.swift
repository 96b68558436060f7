import Conversion
import Foundation
import Salesforce
import Settings

// The way to the org: its host and that one's clock, the login, and the version of the API.

extension CheckContext {
    /// Whether the host that hands out tokens can be reached.
    mutating func checkReach() async throws -> Finding {
        let host = org.host
        org.askedAt = Date()
        let reply = try await ask { await $0.readVersions(of: host) }
        org.answeredAt = Date()
        org.versions = reply
        if let finding = org.unreachable(host, reply) { return finding }
        guard let reason = reply.reason else { return .ok("\(host) answers") }
        // It is there; whether it is Salesforce, the login shows.
        return .warn(
            Self.unexpected(host, reason), remedy: Self.unexpectedRemedy(org.hostSetting))
    }

    /// Whether we get a token.
    mutating func checkLogin() async throws -> Finding {
        if case .refreshToken = org.settings.salesforce.login, !options.usesRefreshToken {
            // An app may replace the token whenever it is used, and the old one, which a running
            // daemon holds, is dead then.
            return .warn(
                "left to the daemon, because using a refresh token may end it",
                remedy:
                    "to log in all the same: leadconvert check --use-refresh-token; a new token "
                    + "is kept where the service finds it, and another daemon that runs has to be "
                    + "restarted", blocks: Self.noLogin)
        }
        let isGiven = org.client.transport.hasSession
        let outcome = try await org.client.logIn()
        do {
            try outcome.get()
        } catch {
            var finding = Finding.fail(
                error.status, error.sentence,
                remedy: error.remedy ?? "try again; if it stays so, see what SALESFORCE_LOGIN_URL "
                    + "leads to, and https://status.salesforce.com")
            finding.blocks = Self.noLogin
            return finding
        }
        let host = org.client.transport.instanceName ?? ""
        return .ok(isGiven ? "a token was given, for \(host)" : "a token for \(host)")
    }

    private static let noLogin = "there is no login"

    /// Whether the org serves our version of the API, and for how long it will.
    mutating func checkVersion() async throws -> Finding {
        let host = org.client.transport.instanceName ?? org.client.transport.loginHostName
        var known = host == org.client.transport.loginHostName ? org.versions : nil
        if case .accessToken = org.settings.salesforce.login { known = org.versions }
        let reply =
            if let known { known } else { try await ask { await $0.readVersions(of: host) } }
        if let finding = org.unreachable(host, reply) { return finding }
        switch reply.outcome {
        case .value(let versions):
            return Self.finding(org.settings.salesforce.apiVersion.description, among: versions)
        case .refused(_, let reason), .unclear(let reason):
            return .fail(
                .unavailable, Self.unexpected(host, reason),
                remedy: Self.unexpectedRemedy(org.hostSetting))
        }
    }

    /// What is to be said of a host that does not answer as Salesforce does.
    private static func unexpected(_ host: String, _ reason: Reason) -> String {
        "\(host) answers, but not as Salesforce does: \(reason.message)"
    }

    private static func unexpectedRemedy(_ setting: String) -> String {
        "set \(setting) to https://NAME.my.salesforce.com, and look at what stands between"
    }

    /// Each version is promised three years, of three releases each, and a year's notice of its
    /// end. Source: SOAP API Developer Guide, "API End-of-Life Policy".
    private static func finding(_ version: String, among texts: [String]) -> Finding {
        let served = texts.compactMap(number)
        guard let ours = number(version), let oldest = served.min(), let newest = served.max()
        else { return .warn("the org does not tell which versions it serves") }
        let remedy = "set SALESFORCE_API_VERSION=\(newest).0"
        let range = "the org serves \(oldest).0 to \(newest).0"
        if ours < oldest {
            return .fail(.configuration, "\(version) is retired: \(range)", remedy: remedy)
        }
        if !served.contains(ours) {
            return .fail(.configuration, "\(version) is not there yet: \(range)", remedy: remedy)
        }
        if newest - ours >= 9 {
            return .warn(
                "\(version) is past its promised three years (the newest is \(newest).0): "
                    + "Salesforce may end it with a year's notice", remedy: remedy)
        }
        return .ok("\(version) is served, and promised for three years from its release")
    }

    private static func number(_ version: String) -> Int? {
        version.split(separator: ".").first.flatMap { Int($0) }
    }
}

extension Finding {
    /// How the host's clock and ours compare. It has whole seconds, and showed its time somewhere
    /// between our request and its answer.
    static func ofClock(_ shown: Timestamp?, askedAt: Date, answeredAt: Date) -> Finding {
        guard let shown else { return .warn("the host shows no time to compare with") }
        let theirs = Double(shown.milliseconds) / 1000
        let ahead = askedAt.timeIntervalSince1970 - (theirs + 1)
        let behind = theirs - answeredAt.timeIntervalSince1970
        let seconds = Int(max(ahead, behind, 0).rounded())
        let text = "\(seconds) s \(ahead > behind ? "ahead of" : "behind") the host's"
        let remedy = "set this machine's clock: timedatectl set-ntp true"
        switch seconds {
        case ..<30:
            return .ok("agrees with the host's")
        case ..<180:
            return .warn(text, remedy: remedy)
        default:
            return .fail(
                .configuration,
                "\(text): times in the queue and the log are wrong by that, and signed logins are "
                    + "refused", remedy: remedy)
        }
    }
}

extension OrgConnection {
    var clockFinding: Finding {
        .ofClock(versions?.serverTime, askedAt: askedAt, answeredAt: answeredAt)
    }

    /// What keeps a host from answering at all; nil when nothing does.
    fileprivate func unreachable(_ host: String, _ reply: Reply<[String]>) -> Finding? {
        guard let reason = reply.reason else { return nil }
        let isOutage = if case .refused(.outage, _) = reply.outcome { true } else { false }
        guard isOutage || reply.httpStatus == nil else { return nil }
        return .fail(
            .unavailable, "\(host): \(reason.message)",
            remedy: Unreachable(reason)?.remedy(host, hostSetting)
                ?? "try again, and look at https://status.salesforce.com")
    }
}

extension Unreachable {
    fileprivate func remedy(_ host: String, _ setting: String) -> String {
        switch self {
        case .name:
            "check the name in \(setting), and this machine's DNS: getent hosts "
                + (host.split(separator: "/").last.map(String.init) ?? host)
        case .connection:
            "check host and port in \(setting), and what firewall is between (a proxy is not used): "
                + "curl -v --noproxy '*' \(host)"
        case .certificate:
            "name the root that signed it in SALESFORCE_CA_FILE (PEM), if it is one of yours: "
                + "curl -v --noproxy '*' \(host)"
        case .tls:
            "check that the port in \(setting) speaks TLS: curl -v --noproxy '*' \(host)"
        case .silence:
            "check the way there, and try again: curl -v --noproxy '*' \(host)"
        }
    }
}
