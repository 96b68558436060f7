import Conversion
import NIOCore
import NIOHTTP1

/// One request to a server.
struct APIRequest: Sendable {
    var method = HTTPMethod.POST
    var url: String
    var headers: HTTPHeaders
    var body: ByteBuffer?
    /// How long the whole answer may take.
    var timeout: Duration
    /// When its body must have left, if that matters.
    var latest: ContinuousClock.Instant?
}

/// A whole response, whatever it says.
struct APIResponse: Sendable {
    var status: Int
    var headers = HTTPHeaders()
    var body = ByteBuffer()
}

/// What came of a request.
enum APIResult: Sendable {
    /// The server answered, to the last byte.
    case answered(APIResponse)
    /// Not one byte of the request's body left us: it cannot have had an effect.
    case neverSent(Reason)
    /// The request may have arrived and taken effect.
    case lost(Reason, status: Int?)
}
