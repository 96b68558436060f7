import Conversion
import Drain
import Salesforce
import Settings
import Storage
import Wiring

// What the org lets us do.

extension PreflightRun {
    /// Whose token it is, asked at the door that conversions take; nil when it is not let in.
    mutating func checkUser(
        _ line: inout RecordedLine, _ settings: Settings.SalesforceSettings
    ) async throws -> String? {
        let name = Name.user.rawValue
        guard settings.transport == .soap else {
            // SOAP tells who it is, and takes no JWT-based token, which an action does.
            try note(.skipped(name, because: "an Apex action is asked, and does not tell"))
            return "the user"
        }
        let reply = try await line.ask { await $0.readUser() }
        switch reply.outcome {
        case .read(let user):
            try note(.ok(name, "\(user.username), in org \(user.organizationID)"))
            return user.username
        case .refused(let obstacle, let reason):
            try note(
                .fail(
                    name, obstacle.exit, "\(reason.message) (\(reason.code))",
                    cure: obstacle.cure))
        case .unclear(let reason):
            try note(
                .fail(
                    name, .unavailable, "\(reason.message) (\(reason.code))", cure: "try again"))
        }
        return nil
    }

    /// Whether the user may convert leads at all.
    mutating func checkPermission(_ line: inout RecordedLine, _ user: String) async throws {
        let name = Name.permission.rawValue
        let reply = try await line.ask { await $0.readConvertLeadsPermission() }
        switch reply.outcome {
        case .read(true):
            try note(.ok(name, "\(user) may convert leads"))
        case .read(false):
            try note(
                .fail(
                    name, .permission, "\(user) lacks the permission Convert Leads",
                    cure: "Setup, Permission Sets: one with System Permissions > Convert Leads, "
                        + "assigned to \(user)"))
        case .refused(_, let reason), .unclear(let reason):
            try note(
                .warn(
                    name, "can't be read (\(reason.code))",
                    cure: "look in Setup whether \(user) has Convert Leads"))
        }
    }

    /// Whether the user may write the records that a conversion writes.
    mutating func checkObjects(_ line: inout RecordedLine, _ user: String) async throws {
        let name = Name.objects.rawValue
        let needed = ["Lead", "Account", "Contact", "Opportunity"]
        let reply = try await line.ask { await $0.readRights(on: needed) }
        guard case .read(let rights) = reply.outcome else {
            let code = reply.reason?.code ?? ""
            return try note(
                .warn(
                    name, "can't be read (\(code))",
                    cure: "look in Setup whether \(user) may edit leads, and create and "
                        + "edit accounts, contacts and opportunities"))
        }
        let lacking = needed.flatMap { object in
            Self.lacking(object, rights.first { $0.name == object })
        }
        guard !lacking.isEmpty else {
            return try note(
                .ok(name, "edit leads; create and edit accounts, contacts, opportunities"))
        }
        let makesNone = try line.queue.map { try !$0.makesOpportunities() } ?? false
        let cure =
            "Setup, Permission Sets, Object Settings: allow \(user) to "
            + lacking.joined(separator: ", ")
        // Who never asks for an opportunity need not be allowed to make one.
        if makesNone, lacking.allSatisfy({ $0.hasSuffix("Opportunity") }) {
            return try note(
                .warn(
                    name, "may not \(lacking.joined(separator: ", ")); no job asks for one",
                    cure: cure))
        }
        try note(
            .fail(
                name, .permission, "\(user) may not \(lacking.joined(separator: ", "))",
                cure: cure))
    }

    /// What a user with such rights would need besides.
    private static func lacking(_ object: String, _ rights: ObjectRights?) -> [String] {
        let mayCreate = object == "Lead" || rights?.canCreate == true
        let mayEdit = rights?.canEdit == true
        return (mayCreate ? [] : ["create \(object)"]) + (mayEdit ? [] : ["edit \(object)"])
    }

    /// What the allowance lets us do in a day, and what is left of it now.
    mutating func checkAllowance(_ line: RecordedLine, _ settings: DrainSettings) throws {
        let name = Name.allowance.rawValue
        guard let usage = line.usage else {
            return try note(.warn(name, "the org tells no count of its API requests"))
        }
        let allowance = DrainOptions(settings, untilEmpty: false).allowance
        let most = allowance.callsADay(limit: usage.limit) ?? usage.limit
        let ours =
            try line.queue?.callsOfTheLastDay(at: SystemClock.now())
            .reduce(0) { $0 + $1.calls } ?? 0
        let kept = Int(allowance.reserve * Double(usage.limit))
        let left = max(0, min(most - ours, usage.limit - kept - usage.current))
        let text = """
            \(usage.current) of \(usage.limit) calls used; ours are at most \(most) a day, so \
            \(most * settings.callSize) leads at \(settings.callSize) a call, and \(kept) are left to others; \
            now \(left) calls are free for us
            """
        if allowance.isSpent(usage, wasSpent: false) {
            try note(
                .fail(
                    name, .tryLater, "only the reserve is left: \(text)",
                    cure: "wait until requests are a day old, stop what else uses them, or lower "
                        + "LEADCONVERT_RESERVE"))
        } else if left == 0 {
            try note(
                .warn(
                    name, "our share is used up: \(text)",
                    cure: "wait, or raise LEADCONVERT_DAILY_SHARE"))
        } else if left < most / 10 {
            try note(
                .warn(
                    name, "nearly spent: \(text)",
                    cure: "wait, stop what else uses requests, or raise LEADCONVERT_DAILY_SHARE"))
        } else {
            try note(.ok(name, text))
        }
    }

    /// Whether the org lets so many calls run at once.
    mutating func checkConcurrency(_ reply: CheckReply<OrgKind>, _ settings: DrainSettings) throws {
        let name = Name.concurrency.rawValue
        guard case .read(let kind) = reply.outcome else {
            return try note(
                .warn(
                    name,
                    "the kind of org can't be read: 25 requests of 20 s and more may run at once, "
                        + "but 5 in a Developer Edition org or a trial",
                    cure: "keep LEADCONVERT_CONCURRENCY at 4"))
        }
        let most = kind.longCallsAtOnce
        let text =
            "\(settings.concurrency) calls at once; \(kind.edition) takes \(most) requests of 20 s "
            + "and more, of all programs together"
        if settings.concurrency >= most {
            try note(
                .warn(
                    name, text,
                    cure: "set LEADCONVERT_CONCURRENCY=\(max(1, min(4, most - 1)))"))
        } else {
            try note(.ok(name, text))
        }
    }
}

extension Obstacle {
    /// What to do when a token has been had and is of no use.
    fileprivate var cure: String {
        switch self {
        case .session, .permission:
            "check that the token is fresh, that the user has API Enabled, that the app's scopes "
                + "include api, and that it does not issue JWT-based access tokens"
        case .configuration: "check SALESFORCE_LOGIN_URL and SALESFORCE_API_VERSION"
        case .allowance: "wait until requests are a day old, or stop what else uses them"
        case .concurrency, .outage, .callTooLarge, .adapted:
            "try again, and look at https://status.salesforce.com"
        }
    }
}
