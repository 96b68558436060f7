import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Gathers one response, up to a size, and notes whether the request left us.
///
/// A request with a body has left when the body begins to; nobody acts on a head that promises
/// one. So as long as `isSent` is false, Salesforce cannot have acted on the request.
final class ResponseCollector: HTTPClientResponseDelegate {
    typealias Response = APIResponse

    /// The answer is larger than any that Salesforce sends.
    struct TooLarge: Error {}

    private struct State {
        var isSent = false
        var response: APIResponse?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: The most bytes of body to keep.
    init(limit: Int) {
        self.limit = limit
    }

    var isSent: Bool { state.withLock(\.isSent) }

    /// The status, if the answer got as far as that.
    var status: Int? { state.withLock { $0.response?.status } }

    func didSendRequestHead(task: HTTPClient.Task<APIResponse>, _ head: HTTPRequestHead) {
        guard !head.headers.contains(name: "Content-Length") else { return }
        state.withLock { $0.isSent = true }
    }

    /// The first byte of the body is about to be sent.
    func bodyIsSent() {
        state.withLock { $0.isSent = true }
    }

    func didReceiveHead(
        task: HTTPClient.Task<APIResponse>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let response = APIResponse(status: Int(head.status.code), headers: head.headers)
        state.withLock { $0.response = response }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<APIResponse>, _ part: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let fits = state.withLock { state in
            let size = (state.response?.body.readableBytes ?? 0) + part.readableBytes
            guard size <= limit else { return false }
            state.response?.body.writeImmutableBuffer(part)
            return true
        }
        return fits
            ? task.eventLoop.makeSucceededVoidFuture()
            : task.eventLoop.makeFailedFuture(TooLarge())
    }

    func didFinishRequest(task: HTTPClient.Task<APIResponse>) throws -> APIResponse {
        guard let response = state.withLock(\.response) else {
            throw HTTPClientError.remoteConnectionClosed
        }
        return response
    }
}
