import Foundation
import Salesforce

extension SalesforceSettings {
    /// How Salesforce is reached, and where a new refresh token is kept; nil, with what is wrong
    /// noted, when there is no way to log in.
    static func read(
        _ reader: inout SettingReader
    ) -> (SalesforceSettings, RefreshTokenStore?)? {
        let callTimeoutMS = reader.milliseconds(
            "LEADCONVERT_CALL_TIMEOUT", 1...86_400_000, default: 630_000
        )
        let host = reader.origin("SALESFORCE_LOGIN_URL")
        let version = reader.value(
            "SALESFORCE_API_VERSION", default: .standard, rule: APIVersion.rule
        ) { APIVersion($0) }
        let caFile = reader.optional(
            "SALESFORCE_CA_FILE", rule: "must be a file that we can read"
        ) { FileManager.default.isReadableFile(atPath: $0) && !$0.isFolder ? $0 : nil }
        let service = reader.value(
            "SALESFORCE_TRANSPORT", default: .soap, rule: Service.rule
        ) { Service($0) }
        let matchField = reader.value(
            "LEADCONVERT_MATCH_ACCOUNT_FIELD", default: "Name",
            rule: "must be the API name of a field of Account, e.g. AccountNumber or Domain__c"
        ) { text in text.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]{0,79}/).map { String($0.output) } }
        guard let (login, store) = Login.read(&reader, for: service) else { return nil }
        // One complaint about an address is enough.
        if case .clientCredentials = login,
            host != nil || reader.text("SALESFORCE_LOGIN_URL") == nil
        {
            reader.reportSharedHost(host ?? .production)
        }
        var settings = SalesforceSettings(
            loginHost: host ?? .production, apiVersion: version, login: login)
        settings.service = service
        settings.matchAccountField = matchField
        settings.callTimeout = .milliseconds(callTimeoutMS)
        settings.caFile = caFile
        return (settings, store)
    }
}

extension SalesforceSettings.Service {
    /// What a wrong text should have been.
    fileprivate static let rule =
        "must be soap, or action:NAME with the name of an Apex class, e.g. action:ConvertLeads"

    /// Reads the setting; nil when it breaks the rule.
    fileprivate init?(_ text: String) {
        if text == "soap" {
            self = .soap
        } else if let (_, name) = text.wholeMatch(of: Self.action)?.output {
            self = .action(name: String(name))
        } else {
            return nil
        }
    }

    /// A class of a package is named `namespace__Name`. The name goes into an address as it is.
    private static var action: Regex<(Substring, Substring)> {
        /action:([A-Za-z][A-Za-z0-9]*(?:__?[A-Za-z0-9]+)*)/
    }
}

extension String {
    fileprivate var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: self, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}

extension SettingReader {
    /// The address of a server. One with an `@` may hold a password, and is not shown.
    mutating func origin(_ name: String) -> Origin? {
        guard let text = text(name) else { return nil }
        if let origin = Origin(text) { return origin }
        report(name, value: text.contains("@") ? nil : text, Origin.rule)
        return nil
    }

    /// The hosts of all orgs together know no client credentials flow.
    fileprivate mutating func reportSharedHost(_ host: Origin) {
        guard host == .production || host == .sandbox else { return }
        report(
            "SALESFORCE_LOGIN_URL", value: host.description,
            "must be your org's own address, https://NAME.my.salesforce.com, for a login by "
                + "SALESFORCE_CLIENT_SECRET"
        )
    }
}
