import Conversion

/// Whether a refusal that logging in again does not lift is for good.
///
/// The word of some edge, a new rule of the org, a token: all of it may pass. It is for good when
/// the same was said several times over some minutes, or when it is Salesforce's settled word and
/// nothing has worked yet: then the settings are wrong, and whoever has just set them is there.
struct RefusalRecord: Equatable {
    private var code: String?
    private var count = 0
    private var since: Moment?
    private var loginHasWorked = false
    private var callHasWorked = false

    private static let times = 5
    private static let lastingMS: Int64 = 5 * 60_000

    /// - Returns: Whether the refusal is final.
    mutating func refused(_ reason: Reason, tier: CallTier, at now: Moment) -> Bool {
        if code != reason.code { (code, count, since) = (reason.code, 0, now) }
        count += 1
        let hasWorked = tier == .login ? loginHasWorked : callHasWorked
        if !reason.mayPass && !hasWorked { return true }
        // A page of some edge may be there for hours: what has worked is probed for as long.
        if reason.mayPass && hasWorked { return false }
        return count >= Self.times && since.map { now.since($0) >= Self.lastingMS } ?? false
    }

    mutating func passed(_ tier: CallTier) {
        if tier == .login { loginHasWorked = true } else { callHasWorked = true }
    }

    /// Nothing is refused any more.
    mutating func forget() { (code, count, since) = (nil, 0, nil) }
}
