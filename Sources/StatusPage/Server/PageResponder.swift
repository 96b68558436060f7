import Conversion
import Dispatch
import Foundation
import NIOCore
import NIOHTTP1
import Storage
import Synchronization

/// Answers every request to the page.
final class PageResponder: Sendable {
    let access: AccessControl
    let watch: PageWatch
    let operations: PageOperations
    let health: PageServer.Health
    let version: String
    let now: @Sendable () -> Timestamp
    let start: Timestamp
    /// Reads and changes that a request asks for, one at a time.
    let work = DispatchQueue(label: "leadconvertd.page.work", qos: .utility)
    /// The page as it was rendered last: ten browsers ask for the same.
    let rendered = Mutex<[String: (version: Int, body: ByteBuffer)]>([:])

    /// Rows of a list on one page.
    static let rows = 50

    init(
        access: AccessControl, watch: PageWatch, operations: PageOperations,
        health: PageServer.Health,
        version: String, now: @escaping @Sendable () -> Timestamp
    ) {
        self.access = access
        self.watch = watch
        self.operations = operations
        self.health = health
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
        response.headers.add(name: "Date", value: now().httpDate)
        return response
    }

    private func answer(_ request: Request) async throws -> Response {
        let headers = AccessControl.Headers(request)
        let path = request.path
        if path == "/healthz" { return request.isRead ? .text("ok\n") : .notAllowed("GET, HEAD") }
        guard access.isAddressed(headers) else {
            return fault(
                .misdirectedRequest, "Another address",
                "This page answers to localhost, 127.0.0.1 and [::1] only. For a web server that stands before "
                    + "it give it a token: LEADCONVERT_LISTEN_TOKEN_FILE.")
        }
        switch path {
        case "/style.css": return .asset(Assets.style, "text/css; charset=utf-8")
        case "/page.js": return .asset(Assets.script, "text/javascript; charset=utf-8")
        case "/icon.svg": return .asset(Assets.icon, "image/svg+xml")
        case "/login": return try await logIn(request, headers)
        default: break
        }
        guard access.isAllowed(headers, at: now()) else { return locked(path) }
        if request.isRead { return try await page(request, headers) }
        guard request.head.method == .POST else { return .notAllowed("GET, HEAD, POST") }
        return try await change(request, headers)
    }

    var context: PageContext {
        PageContext(
            queue: (operations.dashboard.path as NSString).lastPathComponent,
            formToken: access.formToken, isLoggedIn: access.needsToken, version: version,
            now: now())
    }

    func working<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { done in
            work.async { done.resume(with: Swift.Result(catching: body)) }
        }
    }

    // MARK: Faults

    func fault(_ error: OperatorError) -> Response {
        error.status == .notFound
            ? fault(.notFound, "Not found", error.sentence)
            : fault(.serviceUnavailable, "Not now", error.description)
    }

    func fault(
        _ status: HTTPResponseStatus, _ title: String, _ sentence: String, isOpen: Bool = true
    ) -> Response {
        let page = FaultPage(context: context, title: title, sentence: sentence, isOpen: isOpen)
        return .html(status, page.html)
    }
}

/// Why a form is not read.
struct PageFault: Error {
    let status: HTTPResponseStatus
    let sentence: String
}
