import Conversion
import Testing

@testable import StatusPage

@Suite struct AccessControlTests {
    private let now = Timestamp(milliseconds: 1_795_348_800_000)
    private typealias Headers = AccessControl.Headers

    private func access(_ address: String, token: String? = nil) throws -> AccessControl {
        AccessControl(
            ListenOptions(
                address: try #require(.init(address)), token: token.map { .init($0) }),
            queue: "/queue.db")
    }

    @Test(arguments: [
        ("127.0.0.1:8230", true), ("localhost:9", true), ("LOCALHOST", true), ("[::1]:8230", true),
        ("127.1.2.3", true), ("evil.example", false), ("127.0.0.1.evil.example:8230", false),
        ("127.0.0.1@evil.example", false), ("", false), ("127.0.0.999", false),
    ])
    func `on loopback without a token only loopback's names are ours`(host: String, isOurs: Bool)
        throws
    {
        let access = try access("127.0.0.1:8230")
        #expect(access.isAddressed(Headers(host: host)) == isOurs)
        #expect(!access.isAddressed(Headers()))
        #expect(try self.access("0.0.0.0:1", token: "t").isAddressed(Headers(host: host)))
        // A web server that stands before the page has its own name; the token keeps others out.
        #expect(try self.access("127.0.0.1:1", token: "t").isAddressed(Headers(host: host)))
    }

    @Test func `with a token the bearer and the session that it gave are let in, and nobody else`()
        throws
    {
        let access = try access("0.0.0.0:1", token: "right")
        #expect(!access.isAllowed(Headers(), at: now))
        #expect(access.isAllowed(Headers(authorization: "Bearer right"), at: now))
        #expect(!access.isAllowed(Headers(authorization: "Bearer wrong"), at: now))
        #expect(!access.isAllowed(Headers(authorization: "Bearer"), at: now))
        #expect(!access.isAllowed(Headers(authorization: "Basic right"), at: now))
        let cookie = "other=1; \(access.cookie)=\(access.session(at: now))"
        #expect(access.isAllowed(Headers(cookies: cookie), at: now))
        #expect(access.isAllowed(Headers(cookies: cookie), at: now + 11 * 3_600_000))
        #expect(!access.isAllowed(Headers(cookies: cookie), at: now + 13 * 3_600_000))
        #expect(
            !access.isAllowed(Headers(cookies: "\(access.cookie)=9999999999999.00"), at: now))
        #expect(!access.isAllowed(Headers(cookies: "\(access.cookie)=right"), at: now))
        // What a web server before the page asked for itself says nothing of us.
        let basic = "Basic YWRhOnNlY3JldA=="
        #expect(access.isAllowed(Headers(authorization: basic, cookies: cookie), at: now))
        #expect(!access.isAllowed(Headers(authorization: "Bearer no", cookies: cookie), at: now))
        let another = try self.access("0.0.0.0:1", token: "right")
        #expect(!another.isAllowed(Headers(cookies: cookie), at: now))
    }

    @Test func `without a token everybody on this machine is let in`() throws {
        #expect(try access("127.0.0.1:1").isAllowed(Headers(), at: now))
    }

    @Test func `who has logged out is out, wherever the cookie is kept`() throws {
        let access = try access("0.0.0.0:8230", token: "t")
        let now = Timestamp(milliseconds: 1_000_000)
        let sessions = [access.session(at: now), access.session(at: now + 1)]
        let requests = sessions.map { Headers(cookies: "\(access.cookie)=\($0)") }
        access.endSession(of: requests[0], at: now + 1)
        access.endSession(of: Headers(cookies: "\(access.cookie)=1.2"), at: now + 1)
        #expect(requests.map { access.isAllowed($0, at: now + 2) } == [false, true])
    }

    @Test func `a form changes something only if it comes from a page of ours`() throws {
        let access = try access("127.0.0.1:8230")
        let token = access.formToken
        func headers(_ origin: String?, _ site: String?) -> Headers {
            Headers(host: "127.0.0.1:8230", origin: origin, fetchSite: site)
        }
        let own = "http://127.0.0.1:8230"
        #expect(access.isOurForm(token, headers(own, "same-origin")))
        #expect(access.isOurForm(token, headers(own, nil)))
        #expect(access.isOurForm(token, headers(nil, nil)))
        #expect(!access.isOurForm(nil, headers(own, "same-origin")))
        #expect(!access.isOurForm("", headers(own, "same-origin")))
        #expect(!access.isOurForm(String(token.dropLast()) + "x", headers(own, "same-origin")))
        #expect(!access.isOurForm(token, headers("http://127.0.0.1:8231", "same-site")))
        #expect(!access.isOurForm(token, headers("http://127.0.0.1:8231", nil)))
        #expect(!access.isOurForm(token, headers("null", nil)))
        #expect(!access.isOurForm(token, headers(own, "cross-site")))
        #expect(
            try !access.isOurForm(self.access("127.0.0.1:1").formToken, headers(own, nil)))
    }

    @Test(arguments: [
        ("127.0.0.1:8230", true), ("localhost:0", true), ("[::1]:80", true),
        ("unix:/run/leadconvert/page.sock", true), ("0.0.0.0:80", false), ("[::]:80", false),
        ("page.example:80", false), ("127.0.0.1.example:80", false),
    ])
    func `an address is read, and known as loopback or not`(text: String, isLoopback: Bool) throws {
        let address = try #require(ListenOptions.Address(text))
        #expect(address.isLoopback == isLoopback)
        #expect("\(address)" == text)
    }

    @Test(arguments: [
        "8230", ":8230", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:80", "http://a:1",
        "unix:", "unix:page.sock", "unix:/run/", "a b:1",
    ])
    func `what is no address is refused`(text: String) {
        #expect(ListenOptions.Address(text) == nil)
    }

    @Test func `options do not print the token`() throws {
        let options = ListenOptions(
            address: try #require(.init("0.0.0.0:1")), token: .init("hush-hush"))
        var dumped = ""
        dump(options, to: &dumped)
        #expect(!"\(options)\(String(reflecting: options))\(dumped)".contains("hush"))
    }
}
