import Foundation

/// How Salesforce is reached.
public struct SalesforceSettings: Equatable, Sendable {
    /// The host that hands out tokens, without a slash at its end.
    public var loginURL: String
    /// How a session is had.
    public var login: LoginSettings
    /// What converts the leads.
    public var transport: TransportSetting
    /// The API's version, `41.0` or above.
    public var apiVersion: String
    /// Until when the whole answer to a call must be there, in milliseconds.
    public var callTimeoutMS: Int64
    /// A PEM file with roots that are trusted beside the system's.
    public var caFile: String?

    /// Nil, with what is wrong noted, when there is no way to log in.
    init?(_ reader: inout SettingReader) {
        callTimeoutMS = reader.milliseconds(
            "LEADCONVERT_CALL_TIMEOUT", 1...86_400_000, default: 630_000
        )
        let given = reader.hostURL("SALESFORCE_LOGIN_URL")
        loginURL = given ?? "https://login.salesforce.com"
        apiVersion = reader.value(
            "SALESFORCE_API_VERSION", default: "67.0",
            rule: "must be a version such as 67.0, 41.0 or above", Self.version
        )
        caFile = reader.optional(
            "SALESFORCE_CA_FILE", rule: "must be a file that we can read"
        ) { FileManager.default.isReadableFile(atPath: $0) && !$0.isFolder ? $0 : nil }
        transport = reader.value(
            "SALESFORCE_TRANSPORT", default: .soap, rule: TransportSetting.rule
        ) { TransportSetting($0) }
        reader.reportUnsupported()
        guard let login = LoginSettings(&reader, for: transport) else { return nil }
        self.login = login
        // One complaint about an address is enough.
        let isReported = given == nil && reader.text("SALESFORCE_LOGIN_URL") != nil
        if case .clientCredentials = login, !isReported { reader.reportSharedHost(loginURL) }
    }

    private static func version(_ text: String) -> String? {
        guard let (_, major) = text.wholeMatch(of: /([0-9]{2,3})\.0/)?.output,
            let number = Int(major), number >= 41
        else { return nil }
        return text
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
    /// The hosts of all orgs together know no client credentials flow.
    fileprivate mutating func reportSharedHost(_ url: String) {
        guard ["https://login.salesforce.com", "https://test.salesforce.com"].contains(url) else {
            return
        }
        report(
            "SALESFORCE_LOGIN_URL", value: url,
            "must be your org's own address, https://NAME.my.salesforce.com, for a login by "
                + "SALESFORCE_CLIENT_SECRET"
        )
    }

    /// What the manual promises and this version does not do: refused, so that nobody believes it.
    fileprivate mutating func reportUnsupported() {
        if let address = text("LEADCONVERT_LISTEN") {
            report(
                "LEADCONVERT_LISTEN", value: address,
                "the status page is not supported yet: leave it out"
            )
        }
    }
}
