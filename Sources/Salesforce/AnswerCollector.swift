import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Gathers one answer, up to a size, and notes whether the question left us.
///
/// A question with a body has left when the body begins to; nobody acts on a head that promises
/// one. So as long as `hasLeft` is false, Salesforce cannot have acted on the question.
final class AnswerCollector: HTTPClientResponseDelegate {
    typealias Response = Answer

    /// The answer is larger than anything Salesforce sends in earnest.
    struct TooLarge: Error {}

    private struct State {
        var hasLeft = false
        var answer: Answer?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: The most bytes of body to keep.
    init(limit: Int) {
        self.limit = limit
    }

    var hasLeft: Bool { state.withLock(\.hasLeft) }

    /// The status, if the answer got as far as that.
    var status: Int? { state.withLock { $0.answer?.status } }

    func didSendRequestHead(task: HTTPClient.Task<Answer>, _ head: HTTPRequestHead) {
        guard !head.headers.contains(name: "Content-Length") else { return }
        state.withLock { $0.hasLeft = true }
    }

    /// The first byte of the body is about to leave.
    func bodyLeaves() {
        state.withLock { $0.hasLeft = true }
    }

    func didReceiveHead(
        task: HTTPClient.Task<Answer>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let answer = Answer(status: Int(head.status.code), headers: head.headers)
        state.withLock { $0.answer = answer }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Answer>, _ part: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let fits = state.withLock { state in
            let size = (state.answer?.body.readableBytes ?? 0) + part.readableBytes
            guard size <= limit else { return false }
            state.answer?.body.writeImmutableBuffer(part)
            return true
        }
        return fits
            ? task.eventLoop.makeSucceededVoidFuture()
            : task.eventLoop.makeFailedFuture(TooLarge())
    }

    func didFinishRequest(task: HTTPClient.Task<Answer>) throws -> Answer {
        guard let answer = state.withLock(\.answer) else {
            throw HTTPClientError.remoteConnectionClosed
        }
        return answer
    }
}
