public import Conversion

extension Reason {
    /// What to do about a login that was refused, as it stands at the end of the message; nil when
    /// the message is no login's.
    public var loginCure: String? {
        if self == .jwtAccessToken, let start = message.firstRange(of: "Switch off") {
            return String(message[start.lowerBound...])
        }
        return LoginError.cure(of: self)
    }
}
