public import Conversion

extension Reason {
    /// What to do about a login that was refused, as it stands at the end of the message; nil when
    /// the message is no login's.
    public var loginCure: String? {
        guard let remedy, message != remedy, message.hasSuffix(remedy) else { return nil }
        return remedy
    }
}
