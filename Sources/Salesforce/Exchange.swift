import Conversion
import NIOCore
import NIOHTTP1

/// One question to a server.
struct Question: Sendable {
    var method = HTTPMethod.POST
    var url: String
    var headers: HTTPHeaders
    var body: ByteBuffer?
    /// How long the whole answer may take.
    var timeout: Duration
}

/// A whole answer, whatever it says.
struct Answer: Sendable {
    var status: Int
    var headers = HTTPHeaders()
    var body = ByteBuffer()
}

/// What came of asking once.
enum Exchange: Sendable {
    /// The server answered, to the last byte.
    case answered(Answer)
    /// Not one byte of the question's body left us: it cannot have had an effect.
    case neverSent(Reason)
    /// The question may have arrived and taken effect.
    case lost(Reason, status: Int?)
}
