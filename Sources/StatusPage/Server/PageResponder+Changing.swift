import Conversion
import Dispatch
import NIOCore
import NIOHTTP1
import Storage

/// What can be changed, and by whom.
extension PageResponder {
    func change(_ request: Request, _ headers: AccessControl.Headers) async throws -> Response {
        let form = try form(request)
        guard access.isOurForm(form["csrf"], headers) else {
            return foreign(headers, "Not changed")
        }
        let path = request.path
        if path == "/logout" {
            access.endSession(of: headers, at: now())
            return .seeOther("/login", cookie: "\(access.cookie)=; Max-Age=0")
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

    /// Why a form is refused that is none of this page.
    private func foreign(
        _ headers: AccessControl.Headers, _ title: String, isOpen: Bool = true
    ) -> Response {
        fault(
            .forbidden, title,
            access.hasOurOrigin(headers)
                ? "The form did not come from this page, or the daemon has been restarted since. "
                    + "Load the page again and repeat what you did."
                : "The form comes from another address than it was sent to. A web server that "
                    + "stands before the page must pass on the Host header as it gets it.",
            isOpen: isOpen)
    }

    private func perform(
        _ operation: PageOperation, back: String, isConfirmed: Bool
    ) async throws -> Response {
        let (operations, now, context) = (operations, now(), context)
        if !isConfirmed {
            let leads = try await working { try operations.count(operation) }
            if leads > PageOperations.unasked {
                let page = ConfirmationPage(
                    context: context, operation: operation, leads: leads, back: back)
                return .html(.ok, page.html)
            }
        }
        let done = try await working {
            try operations.perform(operation, at: now, within: .seconds(2))
        }
        if let rest = done.rest { goOn(rest) }
        await watch.refresh(at: self.now())
        return .seeOther(
            Form.adding(
                [
                    ("did", operation.action.rawValue), ("jobs", done.jobs.map { String($0) }),
                    ("held", done.held == 0 ? nil : String(done.held)),
                    ("more", done.rest == nil ? nil : "1"),
                    ("queue", done.isQueuePaused ? "paused" : nil),
                ], to: back))
    }

    /// Does what is left of a change, a step at a time: others are answered between them.
    private func goOn(_ rest: JobChange) {
        work.async { [self] in
            var rest = rest
            // What stops it is in the file: the next look at the page tells how far it got.
            guard !watch.isStopping, (try? rest.next()) == true else { return }
            goOn(rest)
        }
    }

    // MARK: Logging in

    func logIn(_ request: Request, _ headers: AccessControl.Headers) async throws -> Response {
        guard access.needsToken else { return .seeOther("/") }
        if request.isRead { return login(.ok) }
        guard request.head.method == .POST else { return .notAllowed("GET, HEAD, POST") }
        let form = try form(request)
        guard access.isOurForm(form["csrf"], headers) else {
            return foreign(headers, "Not logged in", isOpen: false)
        }
        guard access.isToken(form["token"] ?? "") else { return login(.unauthorized, true) }
        return .seeOther(
            "/", cookie: "\(access.cookie)=\(access.session(at: now())); Max-Age=43200")
    }

    private func login(_ status: HTTPResponseStatus, _ isRefused: Bool = false) -> Response {
        var context = context
        context.isLoggedIn = false
        return .html(status, LoginPage(context: context, isRefused: isRefused).html)
    }

    func locked(_ path: String) -> Response {
        var response =
            ["/metrics", "/readyz"].contains(path)
            ? Response.text("A token is needed.\n", status: .unauthorized) : login(.unauthorized)
        response.headers.add(
            name: "WWW-Authenticate", value: "Bearer realm=\"leadconvert\"")
        return response
    }

    // MARK: Forms

    func form(_ request: Request) throws -> [String: String] {
        guard
            request.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true
        else { throw PageFault(status: .unsupportedMediaType, sentence: "Send a form.") }
        guard let body = request.body else {
            throw PageFault(status: .payloadTooLarge, sentence: "The form is too large.")
        }
        return Form.fields(String(buffer: body))
    }
}
