import Conversion
import Testing

@testable import Salesforce

@Suite struct SettingsTests {
    private func refusal(_ settings: SalesforceSettings) -> OperatorError? {
        do {
            let transport = try SalesforceTransport(settings)
            Task { await transport.shutdown() }
            return nil
        } catch {
            return error
        }
    }

    private let login = SalesforceSettings.Login.clientCredentials(
        clientID: "demo", secret: Secret("hush"))

    @Test(arguments: [
        "http://example.my.salesforce.com", "ftp://127.0.0.1", "login.salesforce.com", "",
        "https://", "https://u:p@example.com", "https://example.com/path",
        "http://127.0.0.1.evil.com",
        "https://example.com?a=b", "https://example.lightning.force.com",
        "https://example.my.salesforce-setup.com",
    ])
    func `refuses a login URL that is no server of Salesforce`(url: String) {
        #expect(Origin(url) == nil)
    }

    @Test(arguments: [
        ("https://Example.my.salesforce.com/", "https://example.my.salesforce.com"),
        ("https://example.my.salesforce.com:8443", "https://example.my.salesforce.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ])
    func `accepts servers that may be told a secret`(url: String, origin: String) {
        #expect(Origin(url)?.description == origin)
    }

    @Test(arguments: ["v67.0", "67", "67.1", "40.0", "-1.0", "abc", "", "67.0/x", "9999.0"])
    func `refuses a version that is malformed or too old`(version: String) {
        #expect(APIVersion(version) == nil)
    }

    @Test(arguments: ["eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "aa.bb.cc"])
    func `refuses a given token of the wrong kind`(token: String) throws {
        let login = SalesforceSettings.Login.given(token, at: "https://example.my.salesforce.com")
        let error = try #require(refusal(SalesforceSettings(login: login)))
        #expect(error.status == .configuration)
        #expect(error.description.contains("JSON Web Token (JWT)-based access tokens"))
        #expect(!error.description.contains(token))
    }

    @Test(arguments: ["", "00D!a b", "00D!a\r\nX-Evil: 1"])
    func `refuses a given token that is none`(token: String) {
        let login = SalesforceSettings.Login.given(token, at: "https://example.my.salesforce.com")
        #expect(refusal(SalesforceSettings(login: login))?.status == .configuration)
    }

    @Test func `accepts tokens as Salesforce issues them`() {
        #expect(!Secret("00DWs0000006aBc!AQEAQ.x_Y.Zz-9").isJSONWebToken)
        #expect(Secret("00DWs0000006aBc!AQEAQ.x_Y.Zz-9").isHeaderSafe)
    }

    @Test func `refuses roots that cannot be read`() {
        var settings = SalesforceSettings(login: login)
        settings.caFile = "/nowhere/roots.pem"
        #expect(refusal(settings)?.description.contains("SALESFORCE_CA_FILE") == true)
    }

    @Test func `shows no secret whatever prints it`() {
        let settings = SalesforceSettings(login: login)
        var dumped = ""
        dump(settings, to: &dumped)
        let texts = [
            "\(settings)", String(reflecting: settings), String(describing: login), dumped,
        ]
        #expect(texts.allSatisfy { !$0.contains("hush") && $0.contains("<redacted>") })
    }
}

@Suite struct OriginAddressTests {
    @Test(arguments: [
        ("example.my.salesforce.com", "https://example.my.salesforce.com"),
        ("https://Example.my.salesforce.com/", "https://example.my.salesforce.com"),
        (
            "https://example.lightning.force.com/lightning/page/home?x=1",
            "https://example.my.salesforce.com"
        ),
        (
            "https://example--dev.sandbox.lightning.force.com",
            "https://example--dev.sandbox.my.salesforce.com"
        ),
        (
            "example.my.salesforce-setup.com/lightning/setup/SetupOneHome/home",
            "https://example.my.salesforce.com"
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://example.com", nil), ("", nil), ("://", nil), ("a b", nil), ("ftp://x", nil),
    ])
    func `an address from a browser leads to the API's host`(text: String, host: String?) {
        #expect(Origin(address: text)?.description == host)
    }
}
