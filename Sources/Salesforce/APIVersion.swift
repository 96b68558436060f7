/// A version of Salesforce's API that we speak, such as `67.0`.
public struct APIVersion: Hashable, Sendable, CustomStringConvertible {
    /// The version as it stands in an address.
    public let description: String

    /// What a wrong text should have been.
    public static let rule = "must be a version such as 67.0, \(oldest).0 or above"

    /// The one that we were tested with.
    public static let standard = APIVersion(67)

    /// Below it Salesforce has announced the end.
    /// Source: SOAP API Developer Guide, "API End-of-Life Policy".
    private static let oldest = 41

    /// Reads a version; nil when it breaks the rule.
    public init?(_ text: String) {
        guard let (_, digits) = text.wholeMatch(of: /([0-9]{2,3})\.0/)?.output,
            let number = Int(digits), number >= Self.oldest
        else { return nil }
        self.init(number)
    }

    private init(_ number: Int) {
        description = "\(number).0"
    }
}
