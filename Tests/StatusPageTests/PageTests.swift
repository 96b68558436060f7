import Conversion
import Foundation
import Logging
import Storage
import TestSupport
import Testing

@testable import StatusPage

@Suite struct PageTests {
    @Test(arguments: [
        "/", "/?range=day", "/failures?code=LOCKED", "/failures?code=LOCKED&batch=friday%20%3Cb%3E",
        "/jobs?state=failed", "/jobs?state=queued", "/batches?name=friday%20%3Cb%3E",
        "/leads?id=00QWs0000000001",
    ])
    func `every page is whole without JavaScript, and shows text as text`(path: String) async throws
    {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let answer = try await page.get(path)
            #expect(answer.status == 200)
            #expect(answer.body.hasPrefix("<!DOCTYPE html>"))
            #expect(answer.body.hasSuffix("</html>\n"))
            #expect(!answer.body.contains("<script>"))
            #expect(!answer.body.contains("<b>\""))
            #expect(!answer.body.contains("friday <b>"))
            #expect(!answer.body.contains(" style="))
            #expect(
                answer.header("Content-Security-Policy")?.contains(
                    "default-src 'none'") == true)
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
        }
    }

    @Test func `the queue, its batches and its failures by code are on the first page`()
        async throws
    {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let body = try await page.get("/").body
            #expect(body.contains("<b>3</b> <span>failed</span>"))
            #expect(body.contains("<b>2</b> <span>queued</span>"))
            #expect(body.contains("<bdi>friday &lt;b&gt;</bdi>"))
            #expect(body.contains("aria-label=\"Retry 2 leads that failed with INVALID_STATUS\""))
            #expect(
                body.contains(
                    "&lt;script&gt;alert(&quot;3&quot;)&lt;/script&gt; &amp; &#39;more&#39;"))
            #expect(body.contains("No daemon works on this queue."))
        }
    }

    @Test func `a lead's page draws its attempts, backoff and waits to scale`() async throws {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let body = try await page.get("/leads?id=00QWs0000000001MAA").body
            // From half a second before the call to its end: 13.5 s are a thousand wide.
            #expect(body.contains("<rect class=\"wait\" x=\"0\" width=\"37.04\""))
            #expect(body.contains("<rect class=\"retried\" x=\"37.04\" width=\"148.15\""))
            #expect(body.contains("<rect class=\"backoff\" x=\"185.19\" width=\"740.74\""))
            #expect(body.contains("waited 500 ms for the next call&#39;s token"))
            #expect(try await page.get("/leads?id=00QWs0000000099").status == 404)
            #expect(try await page.get("/leads?id=%3Cscript%3E").body.contains("&lt;script&gt;"))
            #expect(try await page.get("/leads").status == 404)
        }
    }

    @Test func `long lists go on where they ended`() async throws {
        try await withPage(fill: { queue in
            try queue.add(1...120)
        }) { page in
            var path: String? = "/jobs?state=queued"
            var leads: [String] = []
            var pages = 0
            while let next = path, pages < 9 {
                let body = try await page.get(next).body
                leads += body.components(separatedBy: "<th scope=\"row\"><a href=\"/leads?id=")
                    .dropFirst().map { String($0.prefix(18)) }
                path = body.between("class=\"more\" href=\"", "\"")?
                    .replacing("&amp;", with: "&")
                pages += 1
            }
            #expect(pages == 3)
            #expect(leads.count == 120)
            #expect(Set(leads).count == 120)
        }
    }

    @Test func `what is not there is said`() async throws {
        try await withPage { (page: Page) async throws -> Void in
            #expect(try await page.get("/nothing").status == 404)
            #expect(try await page.get("/batches?name=none").status == 404)
            #expect(try await page.get("/jobs?state=none").status == 404)
            #expect(try await page.send("DELETE", "/").status == 405)
            #expect(try await page.send("HEAD", "/").body == "")
            #expect(try await page.get("/healthz").body == "ok\n")
            #expect(try await page.get("/readyz").body == "ready\n")
        }
    }

    @Test func `another name for this machine is refused`() async throws {
        try await withPage { (page: Page) async throws -> Void in
            #expect(try await page.get("/", ["Host": "evil.example"]).status == 421)
            #expect(try await page.get("/metrics", ["Host": "evil.example"]).status == 421)
            #expect(try await page.get("/healthz", ["Host": "evil.example"]).status == 200)
        }
    }

    // MARK: Changing

    @Test func `retry makes one lead, a group or a batch run again`() async throws {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let token = try await page.get("/").formToken
            let one = try await page.post(
                "/retry", [("csrf", token), ("job", "1"), ("back", "/leads?id=00QWs0000000001MAA")])
            #expect(one.status == 303)
            #expect(
                one.header("Location")
                    == "/leads?id=00QWs0000000001MAA&did=retry&jobs=1")
            let group = try await page.post(
                "/retry", [("csrf", token), ("code", "INVALID_STATUS"), ("batch", "friday <b>")])
            #expect(group.header("Location") == "/?did=retry&jobs=2")
            #expect(
                try await page.get("/?did=retry&jobs=2").body.contains("2 leads will run again."))
            #expect(
                try page.queue.jobs().map { $0.text("state") } == [
                    "queued", "queued", "queued", "converted", "queued", "queued",
                ])
            let operations = try Dashboard(path: page.queue.path).operations(limit: 9)
            #expect(
                operations.map { "\($0.by) \($0.action) \($0.target) \($0.jobs)" } == [
                    "status page retry code INVALID_STATUS of batch friday <b> 2",
                    "status page retry job 1 1",
                ])
        }
    }

    @Test func `retry says which leads wait for their batch or for the queue`() async throws {
        try await withPage(fill: { queue in
            try queue.addFailures()
            try queue.operations.pause(true, batch: "friday <b>", at: .now)
        }) { page in
            let token = try await page.get("/").formToken
            func retry(_ fields: (String, String)...) async throws -> String {
                let answer = try await page.post("/retry", [("csrf", token)] + fields)
                return try await page.get(answer.header("Location") ?? "/none").body
            }
            let one = try await retry(("job", "2"))
            #expect(one.contains(">1 lead will run again once its batch is resumed.<"))
            try page.queue.operations.pause(true, batch: nil, at: .now)
            try page.queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', finished_at = updated_at, attempts = 1,
                        error_code = 'LOCKED' WHERE id = 5
                    """)
            let all = try await retry(("all", "failed"))
            #expect(
                all.contains(
                    ">3 leads will run again, 2 of them once their batch is resumed; the whole queue "
                        + "is paused.<"))
        }
    }

    @Test func `retry of a code means the conversions, or what failed after them`() async throws {
        try await withPage(fill: { queue in
            try queue.addFailures()
            // Two of the code that failed, and one that is converted.
            try queue.run(sql: "UPDATE jobs SET after_code = 'INVALID_STATUS' WHERE id = 4")
        }) { page in
            let first = try await page.get("/")
            let (body, token) = (first.body, first.formToken)
            let name = "failed with INVALID_STATUS"
            #expect(body.contains("\"Retry 2 leads that \(name)\""))
            #expect(body.contains("\"Retry 1 lead that \(name) after the conversion\""))
            #expect(body.contains("name=\"part\" value=\"after\""))
            let list = try await page.get("/failures?code=INVALID_STATUS&part=after").body
            #expect(list.contains("name=\"part\" value=\"after\""))
            func retry(_ part: String) async throws -> Page.Answer {
                try await page.post(
                    "/retry",
                    [("csrf", token), ("code", "INVALID_STATUS"), ("part", part)])
            }
            #expect(try await retry("other").status == 400)
            let conversions = try await retry("conversion")
            #expect(conversions.header("Location") == "/?did=retry&jobs=2")
            #expect(
                try page.queue.jobs().map { $0.text("state") } == [
                    "failed", "queued", "queued", "converted", "queued", "queued",
                ])
            // What has no follow-up to do again is left alone, and so are the others.
            #expect(
                try await retry("after").header("Location")?.hasPrefix("/?did=retry&jobs=") == true)
            #expect(try page.queue.jobs().first?.text("state") == "failed")
        }
    }

    @Test func `a pause is told of the queue, of a batch, and of a batch in a paused queue`()
        async throws
    {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let token = try await page.get("/").formToken
            func told(_ action: String, _ field: (String, String)) async throws -> String? {
                let answer = try await page.post("/\(action)", [("csrf", token), field])
                return try await page.get(answer.header("Location") ?? "").body
                    .between("role=\"status\">", "<")
            }
            try page.queue.add(7...8, options(batch: "b"))
            let batch = ("batch", "b")
            #expect(try await told("pause", batch) == "Paused; 2 leads held.")
            #expect(try await told("resume", batch) == "Resumed; 2 leads released.")
            #expect(try await told("pause", ("all", "queue")) == "The queue is paused.")
            #expect(
                try await told("pause", batch)
                    == "Paused; 2 leads held; the whole queue is paused.")
            #expect(
                try await told("resume", batch)
                    == "Resumed; 2 leads released; the whole queue is paused.")
            #expect(try await told("resume", ("all", "queue")) == "The queue is resumed.")
            #expect(try await page.get("/?did=retry").body.contains("class=\"notice\"") == false)
            #expect(try await page.get("/?did=pause&jobs=-1").body.contains("-1 lead") == false)
        }
    }

    private func options(batch: String) -> EnqueueOptions {
        var options = EnqueueOptions()
        options.batch = batch
        return options
    }

    @Test func `cancel, pause and resume do what the commands do`() async throws {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let token = try await page.get("/").formToken
            func post(_ action: String, _ field: (String, String)) async throws -> UInt {
                try await page.post("/\(action)", [("csrf", token), field]).status
            }
            #expect(try await post("pause", ("all", "queue")) == 303)
            #expect(try page.queue.reports.status(at: .now).isPaused)
            #expect(try await page.get("/").body.contains("which is paused."))
            #expect(try await post("resume", ("all", "queue")) == 303)
            #expect(try !page.queue.reports.status(at: .now).isPaused)
            #expect(try await post("pause", ("batch", "friday <b>")) == 303)
            #expect(try await post("retry", ("batch", "friday <b>")) == 303)
            #expect(try page.queue.reports.status(at: .now).counts[.held] == 3)
            #expect(try await post("cancel", ("batch", "friday <b>")) == 303)
            #expect(try await post("cancel", ("job", "5")) == 303)
            #expect(try page.queue.reports.status(at: .now).counts[.cancelled] == 4)
            #expect(try await post("cancel", ("all", "failed")) == 400)
            #expect(try await post("retry", ("job", "x")) == 400)
            #expect(try await post("retry", ("batch", "none")) == 404)
            #expect(try await post("prune", ("all", "failed")) == 404)
        }
    }

    @Test func `above a hundred leads one is asked first`() async throws {
        try await withPage(fill: { queue in
            try queue.add(1...101)
            try queue.run(
                sql: "UPDATE jobs SET state = 'failed', error_code = 'X', finished_at = updated_at")
        }) { page in
            let token = try await page.get("/").formToken
            let asked = try await page.post(
                "/retry", [("csrf", token), ("code", "X"), ("back", "/failures?code=X")])
            #expect(asked.status == 200)
            #expect(asked.body.contains("<h1>Retry 101 leads?</h1>"))
            #expect(asked.body.contains("href=\"/failures?code=X\">Leave them alone"))
            #expect(try page.queue.reports.status(at: .now).counts[.failed] == 101)
            let done = try await page.post(
                "/retry", [("csrf", token), ("code", "X"), ("confirmed", "yes")])
            #expect(done.header("Location") == "/?did=retry&jobs=101")
            #expect(try page.queue.reports.status(at: .now).counts[.queued] == 101)
        }
    }

    @Test func `a form that does not come from a page of ours changes nothing`() async throws {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let token = try await page.get("/").formToken
            let job = ("job", "1")
            #expect(try await page.post("/retry", [job]).status == 403)
            #expect(try await page.post("/retry", [("csrf", "0"), job]).status == 403)
            for headers in [
                ["Origin": "http://evil.example"], ["Sec-Fetch-Site": "cross-site"],
                ["Origin": "null"],
            ] {
                #expect(
                    try await page.post("/retry", [("csrf", token), job], headers).status == 403)
            }
            #expect(
                try await page.post(
                    "/retry", [("csrf", token), job], ["Content-Type": "text/plain"]
                ).status == 415)
            #expect(try await page.get("/retry?csrf=\(token)&job=1").status == 404)
            let large = String(repeating: "x", count: 20_000)
            #expect(try await page.post("/retry", [("csrf", token), ("job", large)]).status == 413)
            #expect(try page.queue.reports.status(at: .now).counts[.failed] == 3)
        }
    }

    @Test(arguments: [
        "//evil.example/", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "",
    ])
    func `nobody is sent elsewhere after a change`(back: String) async throws {
        try await withPage(fill: { try $0.addFailures() }) { page in
            let token = try await page.get("/").formToken
            let answer = try await page.post(
                "/retry", [("csrf", token), ("job", "1"), ("back", back)])
            #expect(answer.header("Location") == "/?did=retry&jobs=1")
        }
    }

    // MARK: Listening

    @Test func `with a token everything but healthz is locked, and a login opens it`() async throws
    {
        try await withPage(token: "right") { page in
            for path in ["/", "/metrics", "/readyz", "/leads?id=x", "/failures"] {
                #expect(try await page.get(path).status == 401)
                #expect(try await page.get(path, ["Authorization": "Bearer wrong"]).status == 401)
            }
            #expect(try await page.get("/healthz").status == 200)
            #expect(try await page.get("/metrics", ["Authorization": "Bearer right"]).status == 200)
            let form = try await page.get("/")
            #expect(form.body.contains("type=\"password\""))
            #expect(!form.body.contains("data-live"))
            let refused = try await page.post(
                "/login", [("csrf", form.formToken), ("token", "wrong")])
            #expect(refused.status == 401)
            #expect(refused.header("Set-Cookie") == nil)
            let login = try await page.post(
                "/login", [("csrf", form.formToken), ("token", "right")])
            #expect(login.status == 303)
            let cookie = try #require(login.header("Set-Cookie"))
            #expect(cookie.hasSuffix("; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict"))
            #expect(!cookie.contains("right"))
            let session = String(cookie.prefix { $0 != ";" })
            #expect(try await page.get("/", ["Cookie": session]).body.contains("Log out"))
            #expect(
                try await page.post("/retry", [("csrf", form.formToken), ("job", "1")]).status
                    == 401)
        }
    }

    @Test func `with a token a web server before a loopback address may have a name of its own`()
        async throws
    {
        try await withPage(token: "right", fill: { try $0.addFailures() }) { page in
            let host = ["Host": "leads.example.com"]
            func browser(_ headers: [String: String] = [:]) -> [String: String] {
                host.merging(headers) { $1 }.merging(
                    ["Origin": "https://leads.example.com", "Sec-Fetch-Site": "same-origin"]
                ) { $1 }
            }
            let form = try await page.get("/", host)
            #expect(form.status == 401)
            let fields = [("csrf", form.formToken), ("token", "right")]
            let login = try await page.post("/login", fields, browser())
            #expect(login.status == 303)
            let session = try #require(login.header("Set-Cookie")).prefix { $0 != ";" }
            let cookie = ["Cookie": String(session)]
            #expect(try await page.get("/", browser(cookie)).body.contains("Log out"))
            let retry = [("csrf", form.formToken), ("job", "1")]
            #expect(try await page.post("/retry", retry, browser(cookie)).status == 303)

            // A web server that keeps the browser's name to itself.
            let kept = ["Host": "127.0.0.1:8230"]
            for (path, fields) in [("/login", fields), ("/retry", retry)] {
                let refused = try await page.post(
                    path, fields, browser(cookie.merging(kept) { $1 }))
                #expect(refused.status == 403)
                #expect(refused.body.contains("must pass on the Host header"))
            }
            let late = try await page.post(
                "/login", [("csrf", "0"), ("token", "right")], browser())
            #expect(late.status == 403)
            #expect(late.body.contains("Load the page again"))
            // A page from elsewhere whose name points here has no session.
            let evil = ["Host": "evil.example", "Origin": "http://evil.example"]
            #expect(try await page.get("/", evil).status == 401)
            #expect(try await page.post("/retry", retry, evil).status == 401)
        }
    }

    @Test func `a port that is taken ends with 71 and its name`() async throws {
        try await withPage { page in
            let error = await #expect(throws: OperatorError.self) {
                try await withPage(page.server.address) { _ in }
            }
            #expect(error?.status == .systemRefused)
            #expect(
                error?.sentence.contains(
                    "LEADCONVERT_LISTEN=\(page.server.address): another program listens there")
                    == true)
        }
    }

    @Test func `a socket in the file system is replaced if nobody listens, and taken away`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let socket = folder.appendingPathComponent("page.sock").path
            try await withPage("unix:\(socket)") { page in
                #expect(try await page.get("/healthz", socket: socket) == 200)
                let mode = try FileManager.default.attributesOfItem(atPath: socket)[
                    .posixPermissions]
                #expect(mode as? Int == 0o660)
                await #expect(throws: OperatorError.self) {
                    try await withPage("unix:\(socket)") { _ in }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: socket))
            try Data().write(to: URL(fileURLWithPath: socket))
            await #expect(throws: OperatorError.self) {
                try await withPage("unix:\(socket)") { _ in }
            }
        }
    }
}
