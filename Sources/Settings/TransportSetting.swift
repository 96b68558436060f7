/// What at Salesforce converts the leads.
public enum TransportSetting: Equatable, Sendable {
    /// The SOAP API.
    case soap
    /// An invocable action, by the name of its Apex class.
    case action(String)

    /// What a wrong text should have been.
    static let rule =
        "must be soap, or action:NAME with the name of an Apex class, e.g. action:ConvertLeads"

    /// Reads the setting; nil when it breaks the rule.
    init?(_ text: String) {
        if text == "soap" {
            self = .soap
        } else if let (_, name) = text.wholeMatch(of: Self.action)?.output {
            self = .action(String(name))
        } else {
            return nil
        }
    }

    /// A class of a package is named `namespace__Name`. The name goes into an address as it is.
    private static var action: Regex<(Substring, Substring)> {
        /action:([A-Za-z][A-Za-z0-9]*(?:__?[A-Za-z0-9]+)*)/
    }
}
