/// What stands in the way of every call, not of one lead.
public enum Blocker: Sendable, Equatable, CaseIterable {
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
    /// Salesforce could not carry out the call as it stands, whichever lead is the cause.
    case callTooLarge
    /// The org lacks a field that was asked for. The next request leaves it out, so that it can be
    /// sent at once.
    case adapted
    /// Ours: the call was to be sent too long after it was written down, and was not sent.
    case late

    /// What it means, in words that name no record, for a log or an error.
    public var sentence: String {
        switch self {
        case .session: "The session has ended."
        case .permission: "Salesforce refused the login or a permission."
        case .configuration: "A setting does not fit the org."
        case .allowance: "The org's daily allowance of API requests is spent."
        case .concurrency: "The org has too many long requests at once."
        case .outage: "Salesforce can't be reached, or is down."
        case .callTooLarge: "Salesforce can't carry out the call as it stands."
        case .adapted: "The org lacks a field that was asked for."
        case .late: "The call was to be sent too long after it was claimed."
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
    /// Whether it could pass without anybody acting, though it is a refused permission or a wrong
    /// setting: it is the word of a proxy, of a page or of a moment, and not what Salesforce's API
    /// settled. Of an outage it says that a page told of it, which may be about this one request.
    public var mayPass = false
    /// Whether our table has the code of a call that failed as a whole. One that it lacks may mean
    /// that the lead is converted already.
    public var isListed = true

    public init(_ code: String, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// A reason of ours, which names no record.
    public init(ours code: String, _ sentence: String, mayPass: Bool = false) {
        self.code = code
        self.message = sentence
        self.remedy = sentence
        self.mayPass = mayPass
    }

    /// What was claimed is not sent any more.
    public static let claimTooOld = Reason(
        ours: "CLAIM_TOO_OLD",
        "Too much time lay between the claim and the moment to send: nothing was sent.")

    /// Message and remedy, as jobs keep them.
    public var text: String {
        guard let remedy, remedy != message else { return message }
        guard let last = message.last else { return remedy }
        return message + (last.isPunctuation ? " " : ": ") + remedy
    }

    /// Whether somebody else held the row, or one above it: for a lead, mostly its account. A
    /// trigger that met the lock reports a failure of its own, with the lock's code inside.
    public var isLock: Bool {
        code == "UNABLE_TO_LOCK_ROW" || message.contains("UNABLE_TO_LOCK_ROW")
    }
}
