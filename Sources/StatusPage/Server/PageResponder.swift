import Conversion
import Dispatch
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Storage
import Synchronization

/// Answers every request to the page.
final class PageResponder: Sendable {
    private let gatekeeper: Gatekeeper
    private let watch: PageWatch
    private let operations: Operator
    private let probe: PageServer.Probe
    private let version: String
    private let now: @Sendable () -> Timestamp
    private let start: Timestamp
    /// Reads and changes that a request asks for, one at a time.
    private let work = DispatchQueue(label: "leadconvertd.page.work", qos: .utility)
    /// The page as it was rendered last: ten browsers ask for the same.
    private let rendered = Mutex<[String: (version: Int, body: ByteBuffer)]>([:])

    /// Rows of a list on one page.
    private static let rows = 50
    /// The largest form that is ours has a batch's name and an address to go back to.
    private static let formBytes = 16_384

    init(
        gatekeeper: Gatekeeper, watch: PageWatch, operations: Operator, probe: PageServer.Probe,
        version: String, now: @escaping @Sendable () -> Timestamp
    ) {
        self.gatekeeper = gatekeeper
        self.watch = watch
        self.operations = operations
        self.probe = probe
        self.version = version
        self.now = now
        start = now()
    }

    func respond(to request: Request) async -> Response {
        var response: Response
        do {
            response = try await answer(request)
        } catch let error as OperatorError {
            response = fault(error)
        } catch let error as PageFault {
            response = fault(error.status, "Not changed", error.sentence)
        } catch {
            response = fault(.internalServerError, "A fault of ours", "Please report it.")
        }
        response.headers[.date] = now().httpDate
        if request.method == .head {
            let length = response.body.contentLength
            response.body = .init()
            if let length { response.headers[.contentLength] = String(length) }
        }
        return response
    }

    private func answer(_ request: Request) async throws -> Response {
        let visit = Gatekeeper.Visit(request)
        let path = request.uri.path
        if path == "/healthz" { return request.isRead ? .text("ok\n") : .notAllowed("GET, HEAD") }
        guard gatekeeper.isAddressed(visit) else {
            return fault(
                .init(code: 421, reasonPhrase: "Misdirected Request"), "Another address",
                "This page answers to localhost and 127.0.0.1 only.")
        }
        switch path {
        case "/style.css": return .asset(Assets.style, "text/css; charset=utf-8")
        case "/page.js": return .asset(Assets.script, "text/javascript; charset=utf-8")
        case "/icon.svg": return .asset(Assets.icon, "image/svg+xml")
        case "/login": return try await logIn(request, visit)
        default: break
        }
        guard gatekeeper.isAllowed(visit, at: now()) else { return locked(path) }
        if request.isRead { return try await page(request, visit) }
        guard request.method == .post else { return .notAllowed("GET, HEAD, POST") }
        return try await change(request, visit)
    }

    private var context: PageContext {
        PageContext(
            queue: (operations.dashboard.path as NSString).lastPathComponent,
            formToken: gatekeeper.formToken, isLoggedIn: gatekeeper.needsToken, version: version)
    }

    // MARK: Reading

    private func page(_ request: Request, _ visit: Gatekeeper.Visit) async throws -> Response {
        let query = Form.fields(request.uri.query ?? "")
        switch request.uri.path {
        case "/": return try overview(isDay: query["range"] == "day", notice(query))
        case "/metrics": return try metrics()
        case "/readyz": return try readiness()
        case "/failures": return try await failures(query)
        case "/jobs": return try await jobs(query)
        case "/batches": return try await batch(query)
        case "/leads": return try await lead(query)
        default:
            return fault(.notFound, "No such page", "There is nothing at this address.")
        }
    }

    private func overview(isDay: Bool, _ notice: HTML) throws -> Response {
        let snapshot = try watch.snapshot()
        let key = "\(isDay) \(notice.text)"
        // What is in flight grows older by the second.
        let version = snapshot.version &* 7919 &+ Int(snapshot.at.milliseconds / 1000)
        let body = rendered.withLock { rendered -> ByteBuffer in
            if let last = rendered[key], last.version == version { return last.body }
            let page = OverviewPage(
                context: context, snapshot: snapshot, isDay: isDay, notice: notice)
            let body = ByteBuffer(string: page.html.text)
            if rendered.count > 20 { rendered = [:] }
            rendered[key] = (version, body)
            return body
        }
        return .html(.ok, body)
    }

    private func metrics() throws -> Response {
        let snapshot = try watch.snapshot()
        let text = Metrics(
            snapshot: snapshot, start: start, version: version, isWritable: probe.isWritable()
        ).text
        return .text(text, type: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// Whether the daemon may send: with what stands in its way otherwise.
    private func readiness() throws -> Response {
        let snapshot = try watch.snapshot()
        var reasons: [String] = []
        if !probe.isWritable() { reasons.append("the queue's file can't be written") }
        if !probe.hasSession(), let code = snapshot.state?.loginFault {
            reasons.append("no session: the last login came to \(code)")
        }
        if let reason = snapshot.state?.waitingFor, Metrics.breakerReasons.contains(reason) {
            reasons.append("circuit open: waiting for \(Words.waiting(reason))")
        }
        guard !reasons.isEmpty else { return .text("ready\n") }
        return .text(reasons.map { $0 + "\n" }.joined(), status: .serviceUnavailable)
    }

    private func failures(_ query: [String: String]) async throws -> Response {
        let (code, batch, now) = (query["code"], query["batch"], now())
        let place = Form.place(query)
        let (context, notice) = (context, notice(query))
        return .html(
            .ok,
            try await reading { dashboard in
                let id = try batch.map { try dashboard.batch(named: $0).id }
                let jobs = try dashboard.failures(
                    code: code, batch: id, after: place, limit: Self.rows + 1)
                let next = Self.next(jobs, "/failures", [("code", code), ("batch", batch)]) {
                    $0.finishedAt
                }
                return FailuresPage(
                    context: context, code: code, batch: batch, jobs: Array(jobs.prefix(Self.rows)),
                    next: next, now: now, notice: notice
                ).html
            })
    }

    private func jobs(_ query: [String: String]) async throws -> Response {
        guard let state = query["state"].flatMap(JobState.init(rawValue:)) else {
            return fault(.notFound, "No such state", "Jobs have no state of that name.")
        }
        let (place, now, context, notice) = (Form.place(query), now(), context, notice(query))
        return .html(
            .ok,
            try await reading { dashboard in
                let jobs = try dashboard.jobs(in: state, after: place, limit: Self.rows + 1)
                let next = Self.next(jobs, "/jobs", [("state", state.rawValue)]) { $0.runAt }
                return JobsPage(
                    context: context, state: state, jobs: Array(jobs.prefix(Self.rows)), next: next,
                    now: now, notice: notice
                ).html
            })
    }

    private func batch(_ query: [String: String]) async throws -> Response {
        let (name, now, context, notice) = (query["name"] ?? "", now(), context, notice(query))
        return .html(
            .ok,
            try await reading { dashboard in
                let batch = try dashboard.batch(named: name)
                return BatchPage(
                    context: context, batch: batch,
                    failures: try dashboard.failuresByCode(batch: batch.id), now: now,
                    notice: notice
                ).html
            })
    }

    private func lead(_ query: [String: String]) async throws -> Response {
        let text = (query["id"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        let lead: RecordID
        do {
            lead = try RecordID(text, of: .lead)
        } catch {
            return fault(.notFound, "No lead's id", "\(text): \(error).")
        }
        let (now, context, notice) = (now(), context, notice(query))
        return .html(
            .ok,
            try await reading { dashboard in
                let jobs = try dashboard.jobs(of: lead)
                guard !jobs.isEmpty else {
                    throw OperatorError(.notFound, "There is no job for lead \(lead).")
                }
                let history = try jobs.map { ($0, try dashboard.attempts(of: $0.id)) }
                return LeadPage(
                    context: context, lead: lead.description, jobs: history, now: now,
                    notice: notice
                ).html
            })
    }

    /// Where a list goes on, if one more row than fits was found.
    private static func next(
        _ jobs: [JobSummary], _ path: String, _ fields: [(String, String?)],
        by time: (JobSummary) -> Timestamp?
    ) -> String? {
        guard jobs.count > rows, let time = time(jobs[rows - 1]) else { return nil }
        return Link.query(
            path, fields + [("after", time.description), ("above", String(jobs[rows - 1].id))])
    }

    private func reading(
        _ body: @escaping @Sendable (Dashboard) throws -> HTML
    ) async throws -> ByteBuffer {
        let dashboard = operations.dashboard
        return try await working { ByteBuffer(string: try body(dashboard).text) }
    }

    private func working<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { done in
            work.async { done.resume(with: Swift.Result(catching: body)) }
        }
    }

    // MARK: Changing

    private func change(_ request: Request, _ visit: Gatekeeper.Visit) async throws -> Response {
        let form = try await form(request)
        guard gatekeeper.isOurForm(form["csrf"], visit) else {
            return fault(
                .forbidden, "Not changed",
                "The form did not come from this page, or the daemon has been restarted since. "
                    + "Load the page again and repeat what you did.")
        }
        let path = request.uri.path
        if path == "/logout" {
            return .seeOther("/login", cookie: "\(Gatekeeper.cookie)=; Max-Age=0")
        }
        guard let action = PageOperation.Action(rawValue: String(path.dropFirst())) else {
            return fault(.notFound, "No such page", "There is nothing at this address.")
        }
        guard let operation = PageOperation(action, form) else {
            return fault(.badRequest, "Not changed", "The form does not say which leads are meant.")
        }
        return try await perform(
            operation, back: Form.ownPath(form["back"]), isConfirmed: form["confirmed"] == "yes")
    }

    private func perform(
        _ operation: PageOperation, back: String, isConfirmed: Bool
    ) async throws -> Response {
        let (operations, watch, now, context) = (operations, watch, now(), context)
        let work = work
        if !isConfirmed {
            let leads = try await working { try operations.count(operation) }
            if leads > Operator.unasked {
                let page = ConfirmationPage(
                    context: context, operation: operation, leads: leads, back: back)
                return .html(.ok, ByteBuffer(string: page.html.text))
            }
        }
        let done = try await working {
            try operations.perform(
                operation, at: now, within: .seconds(2), isStopping: { watch.isStopping },
                later: { rest in
                    // What stops it is in the file: the next look at the page tells.
                    work.async { try? rest() }
                })
        }
        await watch.refresh(at: self.now())
        return .seeOther(
            Form.adding(
                [
                    ("did", operation.action.rawValue), ("jobs", String(done.jobs)),
                    ("more", done.isUnfinished ? "1" : nil),
                ], to: back))
    }

    private func notice(_ query: [String: String]) -> HTML {
        guard let action = query["did"].flatMap(PageOperation.Action.init(rawValue:)),
            let jobs = query["jobs"].flatMap({ Int($0) }), jobs >= 0
        else { return .none }
        let leads = jobs.counted("lead")
        let more = query["more"] == nil ? "" : " so far; the rest follows"
        let words =
            switch action {
            case .retry:
                jobs == 0 ? "No lead was left to retry." : "\(leads) will run again\(more)."
            case .cancel:
                jobs == 0 ? "No lead was left to cancel." : "\(leads) cancelled\(more)."
            case .pause: "Paused; \(leads) held."
            case .resume: "Resumed; \(leads) let go."
            }
        return "<p class=\"notice\" role=\"status\">\(words)</p>"
    }

    // MARK: Logging in

    private func logIn(_ request: Request, _ visit: Gatekeeper.Visit) async throws -> Response {
        guard gatekeeper.needsToken else { return .seeOther("/") }
        if request.isRead { return login(.ok) }
        guard request.method == .post else { return .notAllowed("GET, HEAD, POST") }
        let form = try await form(request)
        guard gatekeeper.isOurForm(form["csrf"], visit) else {
            return fault(
                .forbidden, "Not logged in", "The page is out of date: load it again.",
                isOpen: false)
        }
        guard gatekeeper.isToken(form["token"] ?? "") else { return login(.unauthorized, true) }
        return .seeOther(
            "/", cookie: "\(Gatekeeper.cookie)=\(gatekeeper.session(at: now())); Max-Age=43200")
    }

    private func login(_ status: HTTPResponse.Status, _ isRefused: Bool = false) -> Response {
        var context = context
        context.isLoggedIn = false
        return .html(
            status,
            ByteBuffer(string: LoginPage(context: context, isRefused: isRefused).html.text))
    }

    private func locked(_ path: String) -> Response {
        var response =
            ["/metrics", "/readyz"].contains(path)
            ? Response.text("A token is needed.\n", status: .unauthorized) : login(.unauthorized)
        response.headers[.wwwAuthenticate] = "Bearer realm=\"leadconvert\""
        return response
    }

    // MARK: Forms and faults

    private func form(_ request: Request) async throws -> [String: String] {
        guard
            request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true
        else { throw PageFault(status: .unsupportedMediaType, sentence: "Send a form.") }
        guard let body = try? await request.body.collect(upTo: Self.formBytes) else {
            throw PageFault(status: .contentTooLarge, sentence: "The form is too large.")
        }
        return Form.fields(String(buffer: body))
    }

    private func fault(_ error: OperatorError) -> Response {
        error.status == .notFound
            ? fault(.notFound, "Not found", error.sentence)
            : fault(.serviceUnavailable, "Not now", error.description)
    }

    private func fault(
        _ status: HTTPResponse.Status, _ title: String, _ sentence: String, isOpen: Bool = true
    ) -> Response {
        let page = FaultPage(context: context, title: title, sentence: sentence, isOpen: isOpen)
        return .html(status, ByteBuffer(string: page.html.text))
    }
}

/// Why a form is not read.
private struct PageFault: Error {
    let status: HTTPResponse.Status
    let sentence: String
}
