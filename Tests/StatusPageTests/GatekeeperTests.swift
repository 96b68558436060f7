import Conversion
import Testing

@testable import StatusPage

@Suite struct GatekeeperTests {
    private let now = Timestamp(milliseconds: 1_795_348_800_000)
    private typealias Visit = Gatekeeper.Visit

    private func gatekeeper(_ address: String, token: String? = nil) throws -> Gatekeeper {
        Gatekeeper(
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
        let gatekeeper = try gatekeeper("127.0.0.1:8230")
        #expect(gatekeeper.isAddressed(Visit(host: host)) == isOurs)
        #expect(!gatekeeper.isAddressed(Visit()))
        #expect(try self.gatekeeper("0.0.0.0:1", token: "t").isAddressed(Visit(host: host)))
        // A web server that stands before the page has its own name; the token keeps others out.
        #expect(try self.gatekeeper("127.0.0.1:1", token: "t").isAddressed(Visit(host: host)))
    }

    @Test func `with a token the bearer and the session that it gave are let in, and nobody else`()
        throws
    {
        let gatekeeper = try gatekeeper("0.0.0.0:1", token: "right")
        #expect(!gatekeeper.isAllowed(Visit(), at: now))
        #expect(gatekeeper.isAllowed(Visit(authorization: "Bearer right"), at: now))
        #expect(!gatekeeper.isAllowed(Visit(authorization: "Bearer wrong"), at: now))
        #expect(!gatekeeper.isAllowed(Visit(authorization: "Bearer"), at: now))
        #expect(!gatekeeper.isAllowed(Visit(authorization: "Basic right"), at: now))
        let cookie = "other=1; \(gatekeeper.cookie)=\(gatekeeper.session(at: now))"
        #expect(gatekeeper.isAllowed(Visit(cookies: cookie), at: now))
        #expect(gatekeeper.isAllowed(Visit(cookies: cookie), at: now + 11 * 3_600_000))
        #expect(!gatekeeper.isAllowed(Visit(cookies: cookie), at: now + 13 * 3_600_000))
        #expect(
            !gatekeeper.isAllowed(Visit(cookies: "\(gatekeeper.cookie)=9999999999999.00"), at: now))
        #expect(!gatekeeper.isAllowed(Visit(cookies: "\(gatekeeper.cookie)=right"), at: now))
        // What a web server before the page asked for itself says nothing of us.
        let basic = "Basic YWRhOnNlY3JldA=="
        #expect(gatekeeper.isAllowed(Visit(authorization: basic, cookies: cookie), at: now))
        #expect(!gatekeeper.isAllowed(Visit(authorization: "Bearer no", cookies: cookie), at: now))
        let another = try self.gatekeeper("0.0.0.0:1", token: "right")
        #expect(!another.isAllowed(Visit(cookies: cookie), at: now))
    }

    @Test func `without a token everybody on this machine is let in`() throws {
        #expect(try gatekeeper("127.0.0.1:1").isAllowed(Visit(), at: now))
    }

    @Test func `who has logged out is out, wherever the cookie is kept`() throws {
        let gatekeeper = try gatekeeper("0.0.0.0:8230", token: "t")
        let now = Timestamp(milliseconds: 1_000_000)
        let sessions = [gatekeeper.session(at: now), gatekeeper.session(at: now + 1)]
        let visits = sessions.map { Visit(cookies: "\(gatekeeper.cookie)=\($0)") }
        gatekeeper.endSession(of: visits[0], at: now + 1)
        gatekeeper.endSession(of: Visit(cookies: "\(gatekeeper.cookie)=1.2"), at: now + 1)
        #expect(visits.map { gatekeeper.isAllowed($0, at: now + 2) } == [false, true])
    }

    @Test func `a form changes something only if it comes from a page of ours`() throws {
        let gatekeeper = try gatekeeper("127.0.0.1:8230")
        let token = gatekeeper.formToken
        func visit(_ origin: String?, _ site: String?) -> Visit {
            Visit(host: "127.0.0.1:8230", origin: origin, fetchSite: site)
        }
        let own = "http://127.0.0.1:8230"
        #expect(gatekeeper.isOurForm(token, visit(own, "same-origin")))
        #expect(gatekeeper.isOurForm(token, visit(own, nil)))
        #expect(gatekeeper.isOurForm(token, visit(nil, nil)))
        #expect(!gatekeeper.isOurForm(nil, visit(own, "same-origin")))
        #expect(!gatekeeper.isOurForm("", visit(own, "same-origin")))
        #expect(!gatekeeper.isOurForm(String(token.dropLast()) + "x", visit(own, "same-origin")))
        #expect(!gatekeeper.isOurForm(token, visit("http://127.0.0.1:8231", "same-site")))
        #expect(!gatekeeper.isOurForm(token, visit("http://127.0.0.1:8231", nil)))
        #expect(!gatekeeper.isOurForm(token, visit("null", nil)))
        #expect(!gatekeeper.isOurForm(token, visit(own, "cross-site")))
        #expect(
            try !gatekeeper.isOurForm(self.gatekeeper("127.0.0.1:1").formToken, visit(own, nil)))
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
