import Conversion

/// A version of Salesforce's API that we speak, such as `67.0`.
struct APIVersion: Sendable, CustomStringConvertible {
    let description: String

    /// Below it Salesforce has announced the end.
    /// Source: SOAP API Developer Guide, "API End-of-Life Policy".
    private static let oldest = 41

    /// Reads the setting.
    init(_ text: String) throws(OperatorError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "0", parts[0].utf8.allSatisfy({ 48...57 ~= $0 }),
            let number = Int(parts[0]), number < 1000
        else {
            throw OperatorError(
                .configuration, "SALESFORCE_API_VERSION is not a version of the API.",
                remedy: "Write it like 67.0.")
        }
        guard number >= Self.oldest else {
            throw OperatorError(
                .configuration, "SALESFORCE_API_VERSION \(text) is older than \(Self.oldest).0.",
                remedy: "Salesforce retires such versions; 67.0 is known to work.")
        }
        description = text
    }
}
