/// One request to Salesforce: all that the drain ever asks of it.
public enum CallRequest: Sendable {
    /// A new access token, from the login host. Costs nothing of the org's allowance.
    case logIn
    /// Converts 1...100 leads in one API request.
    /// `allowDuplicates` overrides duplicate rules that only warn (`DuplicateRuleHeader`).
    case convert([LeadConversion], allowDuplicates: Bool)
    /// Reads which of 1...2,000 leads are converted, and into what.
    case verify([RecordID])
    /// Reads the contacts of 1...200 e-mail addresses.
    case match([String])
    /// Reads the org's daily allowance.
    case readLimits

    /// The word for it in `calls.kind`.
    public var kind: CallKind {
        switch self {
        case .logIn: .token
        case .convert: .convert
        case .verify: .verify
        case .match: .match
        case .readLimits: .limits
        }
    }
}

/// What a call was for; the words are those of `calls.kind`.
public enum CallKind: String, Sendable, CaseIterable {
    /// `convertLead`.
    case convert
    /// Reading leads whose conversion is in doubt.
    case verify
    /// Looking for contacts by their e-mail address.
    case match
    /// A request to the login host.
    case token
    /// Reading the org's limits.
    case limits
    /// Part of `leadconvert check`.
    case check
}

/// What came back from a call, and what it told us in passing.
public struct CallReply: Sendable {
    /// What the call came to.
    public var outcome: CallOutcome
    /// The HTTP status, if an answer came at all. Never a basis for a decision on a SOAP answer.
    public var httpStatus: Int?
    /// The org's own count of API requests, if the answer carried it.
    public var usage: OrgUsage?
    /// Whether the call has surely ended at Salesforce, although its outcome is unclear: Salesforce
    /// answered it to the end, and only what the answer says can't be used. What is read of its
    /// leads from now on may be believed.
    public var isOver: Bool

    /// A reply.
    public init(
        _ outcome: CallOutcome, httpStatus: Int? = nil, usage: OrgUsage? = nil,
        isOver: Bool = false
    ) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.usage = usage
        self.isOver = isOver
    }
}

/// What a call came to, with a case for each thing the drain does differently.
public enum CallOutcome: Sendable, Equatable {
    /// A token is at hand.
    case loggedIn
    /// The limits were read; they are in the reply's usage.
    case limitsRead
    /// A clear answer for each lead, in the order of the request.
    case converted([LeadOutcome])
    /// What each lead was read as, in the order of the request.
    case verified([LeadReading])
    /// The contacts of each address, in the order of the request.
    case matched([[FoundContact]])
    /// The call took no effect, as a whole.
    case refused(Obstacle, Reason)
    /// The call may have taken effect, for any of its leads.
    case unclear(Reason)
}

/// What a conversion call said of one lead.
public enum LeadOutcome: Sendable, Equatable {
    /// Converted into these records.
    case converted(ConvertedRecords)
    /// Refused because the lead is converted already: by an earlier call of ours, or by others.
    case refusedAsConverted(Reason)
    /// Refused for now; the same request may pass later.
    case transient(Reason)
    /// Refused with a code that our table lacks. It may pass, and it may as well mean that the
    /// lead is converted already: nothing final is to be concluded from it alone.
    case unlisted(Reason)
    /// Refused for good.
    case permanent(Reason)
    /// Refused for something that is not this lead's fault and stops all of them.
    case obstructed(Obstacle, Reason)
}

/// What a lead was read as.
public enum LeadReading: Sendable, Equatable {
    /// Converted into these records.
    case converted(ConvertedRecords)
    /// Not converted at the time of reading.
    case notConverted
    /// Not shown to us: deleted, merged away, or hidden from the user.
    case notVisible
}

/// A contact as it was found.
public struct FoundContact: Sendable, Equatable {
    /// The contact.
    public var id: RecordID
    /// Its account; nil for a private contact, which has none.
    public var accountID: RecordID?
    /// Whether it is the contact side of a person account. `convertLead` takes such an account
    /// without its contact. Source: SOAP API Developer Guide, `convertLead()`.
    public var isPersonAccount: Bool

    /// A contact.
    public init(id: RecordID, accountID: RecordID?, isPersonAccount: Bool = false) {
        self.id = id
        self.accountID = accountID
        self.isPersonAccount = isPersonAccount
    }
}

/// What stands in the way of every call, not of one lead.
public enum Obstacle: Sendable, Equatable, CaseIterable {
    /// The session has ended: log in, then send again.
    case session
    /// Login or permission was refused, a fresh token included: nothing will pass until an
    /// operator acts.
    case permission
    /// A setting is wrong: nothing will pass until an operator acts.
    case configuration
    /// The org's daily allowance of API requests is spent.
    case allowance
    /// Too many long calls at once in the org.
    case concurrency
    /// Salesforce, or the way to it, is down.
    case outage
    /// Salesforce could not carry out the call as it stands, whoever in it is the cause.
    case callTooLarge
    /// The org lacks a field that was asked for. The next request leaves it out, so that it can be
    /// sent at once.
    case adapted
    /// Ours: the call was to leave too long after it was written down, and was not sent.
    case late

    /// What it means, in words that name no record, for a log or an error.
    public var sentence: String {
        switch self {
        case .session: "The session has ended."
        case .permission: "Salesforce refused the login or a permission."
        case .configuration: "A setting does not fit the org."
        case .allowance: "The org's daily allowance of API requests is spent."
        case .concurrency: "The org has too many long requests at once."
        case .outage: "Salesforce can't be reached, or is out of order."
        case .callTooLarge: "Salesforce can't carry out the call as it stands."
        case .adapted: "The org lacks a field that was asked for."
        case .late: "The call was to leave too long after it was claimed."
        }
    }
}

/// Why something did not work: a code to decide by and a sentence to read.
public struct Reason: Hashable, Sendable {
    /// Salesforce's status or exception code, or a word of ours in the same style (`TIMEOUT`).
    public var code: String
    /// Salesforce's message as it came, or a sentence of ours. Localised: never decided by. It may
    /// quote a lead, so it goes into the run log and into no other.
    public var message: String
    /// What it means and what to do, in our own words. They name no record, so they may be logged.
    public var remedy: String?
    /// Whether a refused permission or a wrong setting could pass without anybody acting: it is the
    /// word of a proxy, of a page or of a moment, and not what Salesforce's API settled.
    public var mayPass = false
    /// Whether our table has the code of a call that failed as a whole. One that it lacks may mean
    /// that the lead is converted already.
    public var isListed = true

    /// A reason of Salesforce's.
    /// - Parameter remedy: Words of ours to put behind its message.
    public init(_ code: String, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = [message, remedy ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        self.remedy = remedy
    }

    /// A reason of ours, which names no record.
    public init(ours code: String, _ sentence: String, mayPass: Bool = false) {
        self.code = code
        self.message = sentence
        self.remedy = sentence
        self.mayPass = mayPass
    }

    /// Whether somebody else held the row, or one above it: for a lead, mostly its account. A
    /// trigger that met the lock reports a failure of its own, with the lock's code inside.
    public var isLock: Bool {
        code == "UNABLE_TO_LOCK_ROW" || message.contains("UNABLE_TO_LOCK_ROW")
    }
}

/// The org's own count of API requests in its rolling 24 hours, all programs together.
public struct OrgUsage: Hashable, Sendable {
    /// Requests used; may exceed `limit` in production orgs.
    public var current: Int
    /// Requests allowed.
    public var limit: Int

    /// A count.
    public init(current: Int, limit: Int) {
        self.current = current
        self.limit = limit
    }

    /// A count that a server told us; nil when no org can have it. Far more is allowed than any
    /// org has, and little enough to be reckoned with safely.
    public init?(told current: Int, of limit: Int) {
        let possible = 0...1_000_000_000
        guard possible.contains(current), possible.contains(limit), limit > 0 else { return nil }
        self.init(current: current, limit: limit)
    }
}
