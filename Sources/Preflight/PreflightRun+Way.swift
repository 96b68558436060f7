import Conversion
import Drain
import Foundation
import Salesforce
import Settings

// The way to the org: reaching it, and its clock.

extension PreflightRun {
    /// Whether the host that hands out tokens can be reached, and how its clock and ours compare;
    /// nil when it can't. A token that was given has been handed out: then it is the org's host.
    mutating func checkReach(
        _ line: inout RecordedLine, _ settings: Settings.SalesforceSettings
    ) async throws -> CheckReply<[String]>? {
        let host = line.transport.instanceName ?? line.transport.loginHostName
        let start = Date()
        let reply = try await line.ask { await $0.readVersions(of: host) }
        let setting = settings.isTokenGiven ? "SALESFORCE_INSTANCE_URL" : "SALESFORCE_LOGIN_URL"
        if let barrier = Self.barrier(.reach, host, reply, setting) {
            try note(barrier)
            return nil
        }
        if let reason = reply.reason {
            // It is there; whether it is Salesforce, the login shows.
            let (message, cure) = Self.strange(host, reason, setting)
            try note(.warn(Name.reach.rawValue, message, cure: cure))
        } else {
            try note(.ok(Name.reach.rawValue, "\(host) answers"))
        }
        try checkClock(reply.serverTime, between: start, and: Date())
        return reply
    }

    /// What keeps a host from answering at all; nil when nothing does.
    static func barrier(
        _ name: Name, _ host: String, _ reply: CheckReply<[String]>, _ setting: String
    ) -> Finding? {
        guard let reason = reply.reason else { return nil }
        let isOutage = if case .refused(.outage, _) = reply.outcome { true } else { false }
        guard isOutage || reply.httpStatus == nil else { return nil }
        let cure = Unreachable(reason)?.cure(host, setting)
        return .fail(
            name.rawValue, .unavailable, "\(host): \(reason.message)",
            cure: cure ?? "try again, and look at https://status.salesforce.com")
    }

    /// What is to be said of a host that does not answer as Salesforce does.
    static func strange(
        _ host: String, _ reason: Reason, _ setting: String
    ) -> (message: String, cure: String) {
        (
            "\(host) answers, but not as Salesforce does: \(reason.message)",
            "set \(setting) to https://NAME.my.salesforce.com, and look at what stands between"
        )
    }

    /// The host's clock has whole seconds, and showed its time somewhere between the two.
    private mutating func checkClock(
        _ shown: Timestamp?, between start: Date, and end: Date
    ) throws {
        let name = Name.clock.rawValue
        guard let shown else {
            return try note(.warn(name, "the host shows no time to compare with"))
        }
        let theirs = Double(shown.milliseconds) / 1000
        let ahead = start.timeIntervalSince1970 - (theirs + 1)
        let behind = theirs - end.timeIntervalSince1970
        let seconds = Int(max(ahead, behind, 0).rounded())
        let which = ahead > behind ? "ahead of" : "behind"
        let cure = "set this machine's clock: timedatectl set-ntp true"
        switch seconds {
        case ..<30:
            try note(.ok(name, "agrees with the host's"))
        case ..<180:
            try note(.warn(name, "\(seconds) s \(which) the host's", cure: cure))
        default:
            try note(
                .fail(
                    name, .configuration,
                    "\(seconds) s \(which) the host's: times in the queue and the log are wrong by "
                        + "that, and signed logins are refused",
                    cure: cure))
        }
    }
}

extension Unreachable {
    fileprivate func cure(_ host: String, _ setting: String) -> String {
        switch self {
        case .name:
            "check the name in \(setting), and this machine's DNS: getent hosts "
                + (host.split(separator: "/").last.map(String.init) ?? host)
        case .connection:
            "check host and port in \(setting), and what firewall or proxy is between: "
                + "curl -v \(host)"
        case .certificate:
            "name the root that signed it in SALESFORCE_CA_FILE (PEM), if it is one of yours: "
                + "curl -v \(host)"
        case .tls:
            "check that the port in \(setting) speaks TLS: curl -v \(host)"
        case .silence:
            "check the way there, and try again: curl -v \(host)"
        }
    }
}

extension Settings.SalesforceSettings {
    /// Whether somebody else has logged in for us.
    var isTokenGiven: Bool {
        if case .accessToken = login { true } else { false }
    }
}
