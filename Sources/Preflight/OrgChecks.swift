public import Conversion
import Drain
import Salesforce
import Settings
import Storage

// What the org lets us do.

extension CheckContext {
    /// Whose token it is, asked over the API that conversions take.
    mutating func checkUser() async throws -> Finding {
        guard org.settings.salesforce.service == .soap else {
            // SOAP tells who it is, and takes no JWT-based token, which an action does.
            return .skipped(because: "an Apex action is asked, and does not tell")
        }
        let reply = try await ask { await $0.readUser() }
        switch reply.outcome {
        case .value(let user):
            org.user = user.username
            return .ok("\(user.username), in org \(user.organizationID)")
        case .refused(let blocker, let reason):
            return .fail(
                blocker.exit, "\(reason.message) (\(reason.code))", remedy: blocker.remedy)
        case .unclear(let reason):
            return .fail(
                .unavailable, "\(reason.message) (\(reason.code))", remedy: "try again")
        }
    }

    /// Whether the user may convert leads at all.
    mutating func checkPermission() async throws -> Finding {
        let reply = try await ask { await $0.readConvertLeadsPermission() }
        switch reply.outcome {
        case .value(true):
            return .ok("\(org.user) may convert leads")
        case .value(false):
            return .fail(
                .permission, "\(org.user) lacks the permission Convert Leads",
                remedy: "Setup, Permission Sets: one with System Permissions > Convert Leads, "
                    + "assigned to \(org.user)")
        case .refused(_, let reason), .unclear(let reason):
            return .unreadable(
                reason, remedy: "look in Setup whether \(org.user) has Convert Leads")
        }
    }

    /// Whether the user may write the records that a conversion writes, and those that are to follow.
    mutating func checkObjects() async throws -> Finding {
        var needs = ObjectNeed.ofConversions
        let asked = try queue?.reports.followUpsAskedFor() ?? []
        if asked.contains(.note) { needs.append(ObjectNeed(object: "Note", edit: false)) }
        if asked.contains(.task) { needs.append(ObjectNeed(object: "Task", edit: false)) }
        let reply = try await ask { await $0.readRights(on: needs.map(\.object)) }
        guard case .value(let rights) = reply.outcome else {
            return .unreadable(
                reply.reason,
                remedy: "look in Setup whether \(org.user) may \(ObjectNeed.text(needs))")
        }
        let lacking = needs.flatMap { need in
            need.lacking(rights.first { $0.name == need.object })
        }
        guard !lacking.isEmpty else { return .ok(ObjectNeed.text(needs)) }
        let list = lacking.joined(separator: ", ")
        let remedy = "Setup, Permission Sets, Object Settings: allow \(org.user) to \(list)"
        // Who never asks for an opportunity need not be allowed to make one.
        if try queue?.reports.makesOpportunities() == false,
            lacking.allSatisfy({ $0.hasSuffix("Opportunity") })
        {
            return .warn("may not \(list); no job asks for one", remedy: remedy)
        }
        return .fail(.permission, "\(org.user) may not \(list)", remedy: remedy)
    }

    /// What the allowance lets us do in a day, and what is left of it now.
    func checkAllowance() throws -> Finding {
        guard let usage = org.client.usage else {
            return .warn("the org tells no count of its API requests")
        }
        let callSize = org.settings.drain.callSize
        let most = allowance.callsADay(limit: usage.limit) ?? usage.limit
        let kept = Int(allowance.reserve * Double(usage.limit))
        let left = max(
            0, min(most - (try queue?.callsOfTheLastDay() ?? 0), usage.limit - kept - usage.current)
        )
        let text = """
            \(usage.current) of \(usage.limit) calls used; ours are at most \(most) a day, so \
            \(most * callSize) leads at \(callSize) a call, and \(kept) are left to others; \
            now \(left) calls are free for us
            """
        if allowance.isSpent(usage, wasSpent: false) {
            return .fail(
                .tryLater, "only the reserve is left: \(text)",
                remedy: "wait until requests are a day old, stop what else uses them, or lower "
                    + "LEADCONVERT_RESERVE")
        }
        if left == 0 {
            return .warn(
                "our share is used up: \(text)", remedy: "wait, or raise LEADCONVERT_DAILY_SHARE")
        }
        if left < most / 10 {
            return .warn(
                "nearly spent: \(text)",
                remedy: "wait, stop what else uses requests, or raise LEADCONVERT_DAILY_SHARE")
        }
        return .ok(text)
    }

    /// What the daemon may use.
    var allowance: Allowance { org.settings.drain.allowance }

    /// Whether the org lets so many calls run at once.
    mutating func checkConcurrency() async throws -> Finding {
        let reply = try await ask { await $0.readOrgKind() }
        guard case .value(let kind) = reply.outcome else {
            return .warn(
                "the kind of org can't be read: 25 requests of 20 s and more may run at once, but "
                    + "5 in a Developer Edition org or a trial",
                remedy: "keep LEADCONVERT_CONCURRENCY at 4")
        }
        let (ours, most) = (org.settings.drain.concurrency, kind.longCallsAtOnce)
        let text =
            "\(ours) calls at once; \(kind.edition) takes \(most) requests of 20 s and more, of all "
            + "programs together"
        guard ours >= most else { return .ok(text) }
        return .warn(text, remedy: "set LEADCONVERT_CONCURRENCY=\(max(1, min(4, most - 1)))")
    }
}

/// What has to be allowed for one kind of record.
private struct ObjectNeed {
    var object: String
    var create = true
    var edit = true

    static let ofConversions = [
        ObjectNeed(object: "Lead", create: false), ObjectNeed(object: "Account"),
        ObjectNeed(object: "Contact"), ObjectNeed(object: "Opportunity"),
    ]

    /// In words: those of every conversion, and what else is needed.
    static func text(_ needs: [ObjectNeed]) -> String {
        let more = needs.dropFirst(ofConversions.count).map {
            ", create \($0.object.lowercased())s"
        }
        return "edit leads; create and edit accounts, contacts, opportunities" + more.joined()
    }

    /// What is missing for it.
    func lacking(_ rights: ObjectRights?) -> [String] {
        (create && rights?.canCreate != true ? ["create \(object)"] : [])
            + (edit && rights?.canEdit != true ? ["edit \(object)"] : [])
    }
}

extension Finding {
    /// What the org does not let us read.
    static func unreadable(_ reason: Reason?, remedy: String) -> Finding {
        .warn("can't be read (\(reason?.code ?? ""))", remedy: remedy)
    }
}

extension Blocker {
    /// How a program ends that it stops.
    public var exit: ExitStatus {
        switch self {
        case .session, .permission: .permission
        case .configuration: .configuration
        case .allowance, .concurrency: .tryLater
        case .outage, .callTooLarge, .adapted, .late: .unavailable
        }
    }

    /// What to do when a token has been had and is of no use.
    fileprivate var remedy: String {
        switch self {
        case .session, .permission:
            "check that the token is fresh, that the user has API Enabled, that the app's scopes "
                + "include api, and that it does not issue JWT-based access tokens"
        case .configuration: "check SALESFORCE_LOGIN_URL and SALESFORCE_API_VERSION"
        case .allowance: "wait until requests are a day old, or stop what else uses them"
        case .concurrency, .outage, .callTooLarge, .adapted, .late:
            "try again, and look at https://status.salesforce.com"
        }
    }
}
