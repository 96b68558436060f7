import Conversion
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import Salesforce

@Suite struct TransportTests {
    private let success = ScriptedServer.http(200, Samples.response(Samples.success()))

    private func gist(
        of request: CallRequest = conversion, _ turn: ScriptedServer.Turn
    ) async throws -> String {
        try await withTransport { _ in
            turn
        } _: { transport, server in
            let gist = await transport.send(request).outcome.gist
            #expect(server.requests.count == 1, "tried again")
            return gist
        }
    }

    // MARK: - What is asked

    @Test func `posts a conversion to the partner endpoint`() async throws {
        let success = success
        try await withTransport { _ in
            .say(success)
        } _: { transport, server in
            let reply = await transport.send(conversion)
            #expect(reply.outcome.gist == "converted")
            #expect(reply.usage == OrgUsage(current: 4893, limit: 351_000))
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /services/Soap/u/67.0 HTTP/1.1")
            #expect(request.header("Content-Type") == "text/xml; charset=UTF-8")
            #expect(request.header("SOAPAction") == "\"\"")
            #expect(request.header("Accept") == "text/xml")
            #expect(
                request.header("User-Agent")?.wholeMatch(of: /leadconvertd\/\d+\.\d+\.\d+/) != nil)
            #expect(!request.head.contains("00D!token"))
            #expect(request.body.contains("<urn:sessionId>00D!token</urn:sessionId>"))
        }
    }

    @Test func `reads leads and limits over REST`() async throws {
        try await withTransport { request in
            request.line.hasPrefix("GET")
                ? .say(
                    ScriptedServer.http(200, #"{"DailyApiRequests":{"Max":10,"Remaining":4}}"#))
                : .say(
                    ScriptedServer.http(200, "[null]", headers: "Sforce-Limit-Info: api-usage=5/10")
                )
        } _: { transport, server in
            let read = await transport.send(.verify([Samples.first.leadID]))
            #expect(read.outcome == .verified([.notVisible]))
            #expect(read.usage == OrgUsage(current: 5, limit: 10))
            let limits = await transport.send(.readLimits)
            #expect(limits.outcome == .limitsRead)
            #expect(limits.usage == OrgUsage(current: 6, limit: 10))
            let lines = server.requests.map(\.line)
            #expect(
                lines == [
                    "POST /services/data/v67.0/composite/sobjects/Lead HTTP/1.1",
                    "GET /services/data/v67.0/limits HTTP/1.1",
                ])
            #expect(
                server.requests.allSatisfy { $0.header("Authorization") == "Bearer 00D!token" })
        }
    }

    // MARK: - How it can break

    @Test func `is sure that nothing was sent when nobody listens`() async throws {
        let port = SilentPort()
        let transport = try SalesforceTransport(
            SalesforceSettings(login: .given("00D!token", at: port.url)))
        let reply = await transport.send(conversion)
        #expect(reply.outcome.gist == "refused outage UNREACHABLE")
        #expect(reply.httpStatus == nil)
        await transport.shutdown()
    }

    @Test func `is sure that nothing was sent when TLS does not come about`() async throws {
        try await ScriptedServer.run({ _ in .stall }) { server in
            let url = server.url.replacing("http://", with: "https://")
            var settings = SalesforceSettings(
                login: .given("00D!token", at: url))
            settings.connectTimeout = .milliseconds(100)
            let transport = try SalesforceTransport(settings)
            let reply = await transport.send(conversion)
            #expect(reply.outcome.gist == "refused outage UNREACHABLE")
            await transport.shutdown()
        }
    }

    @Test func `a request that would leave late is not sent`() async throws {
        try await ScriptedServer.run({ _ in .stall }) { server in
            var settings = SalesforceSettings(
                login: .given("00D!token", at: server.url))
            settings.connectTimeout = .seconds(10)
            // The machine is suspended for a minute while the connection comes about.
            let start = ContinuousClock.now
            let looks = Mutex(0)
            let http = try HTTPTransport(settings) {
                looks.withLock { looks in
                    looks += 1
                    return start + .seconds(looks == 1 ? 0 : 60)
                }
            }
            let question = APIRequest(
                url: server.url, headers: HTTPHeaders(), body: ByteBuffer(string: "x"),
                timeout: .seconds(20))
            guard case .neverSent(let reason) = await http.send(question) else {
                Issue.record("it was sent")
                return try await http.close()
            }
            #expect(reason.code == "UNREACHABLE")
            #expect(server.requests.isEmpty)
            try await http.close()
        }
    }

    @Test(arguments: [SalesforceSettings.Service.soap, .action(name: "Convert")])
    func `a conversion whose claim is too old is not sent`(
        service: SalesforceSettings.Service
    ) async throws {
        try await withTransport(by: service, script: { _ in .stall }) { transport, server in
            let reply = await transport.convert(
                [Samples.first], ConvertOptions(), before: .now - .seconds(1))
            guard case .refused(.late, .claimTooOld) = reply.outcome else {
                Issue.record("\(reply.outcome)")
                return
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `doubts a call that was cancelled`() async throws {
        try await ScriptedServer.run({ _ in .stall }) { server in
            let transport = try SalesforceTransport(
                SalesforceSettings(
                    login: .given("00D!token", at: server.url)))
            let call = Task { await transport.send(conversion).outcome.gist }
            await server.firstRequest()
            call.cancel()
            #expect(await call.value == "unclear CALLED_OFF")
            await transport.shutdown()
        }
    }

    /// What comes of a call whose time ends after it has arrived. On a busy machine a short time
    /// ends before that, and is no test: then a longer one is tried.
    private func gistWhenTimeEnds(during turn: ScriptedServer.Turn) async throws -> String {
        for timeout in [Duration.milliseconds(100), .seconds(1), .seconds(10)] {
            let (gist, hasArrived) = try await withTransport(timeout: timeout) { _ in
                turn
            } _: { transport, server in
                (await transport.send(conversion).outcome.gist, server.requests.count == 1)
            }
            if hasArrived { return gist }
        }
        return "never arrived"
    }

    @Test func `doubts a call without an answer in time`() async throws {
        #expect(try await gistWhenTimeEnds(during: .stall) == "unclear TIMEOUT")
    }

    @Test func `counts the body into the time`() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<a>"
        #expect(try await gistWhenTimeEnds(during: .say(head)) == "unclear TIMEOUT")
    }

    @Test func `doubts a call whose connection broke`() async throws {
        #expect(try await gist(.reset) == "unclear CONNECTION_LOST")
        #expect(try await gist(.sayAndClose("")) == "unclear CONNECTION_LOST")
        let cut = String(success.dropLast(40))
        #expect(try await gist(.sayAndClose(cut)) == "unclear CONNECTION_LOST")
    }

    @Test func `doubts an answer that ends with its connection too early`() async throws {
        let whole = Samples.response(Samples.success())
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        #expect(try await gist(.sayAndClose(head + whole)) == "converted")
        #expect(
            try await gist(.sayAndClose(head + whole.dropLast(40))) == "unclear UNREADABLE_ANSWER")
    }

    @Test func `doubts what is not HTTP`() async throws {
        #expect(try await gist(.sayAndClose("SSH-2.0-x\r\n\r\n")) == "unclear UNREADABLE_ANSWER")
    }

    @Test func `reads no more than it can hold`() async throws {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let flood = head + String(repeating: "x", count: 11 << 20)
        #expect(try await gist(.sayAndClose(flood)) == "unclear UNREADABLE_ANSWER")
    }

    @Test(arguments: [
        (301, "refused configuration HTTP_301"), (307, "refused configuration HTTP_307"),
        (429, "refused outage HTTP_429"), (502, "unclear BAD_GATEWAY"),
        (503, "refused outage HTTP_503"), (504, "unclear BAD_GATEWAY"),
    ])
    func `follows no redirect and repeats nothing`(status: Int, expected: String) async throws {
        let answer = ScriptedServer.http(status, "<html/>", headers: "Location: /elsewhere")
        #expect(try await gist(.say(answer)) == expected)
    }

    @Test func `carries many calls at once`() async throws {
        let success = success
        try await withTransport { _ in
            .say(success)
        } _: { transport, server in
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<40 {
                    group.addTask { await transport.send(conversion).outcome.gist }
                }
                for await gist in group { #expect(gist == "converted") }
            }
            #expect(server.requests.count == 40)
        }
    }

    @Test func `sends nothing once it is shut down`() async throws {
        try await withTransport { _ in
            .stall
        } _: { transport, server in
            await transport.shutdown()
            #expect(await transport.send(conversion).outcome.gist == "refused outage UNREACHABLE")
            #expect(server.requests.isEmpty)
        }
    }
}
