import Conversion
import Foundation
import NIOCore

/// An error as the REST API writes it, in an array: `[{"message":"...","errorCode":"..."}]`.
struct RESTError: Decodable {
    var errorCode: String
    var message: String

    var reason: Reason { Reason(errorCode, message) }
}

extension Answer {
    /// What an answer to a reading means that is not the reading itself.
    ///
    /// Reading changes nothing, so what is not a plain refusal is simply asked again.
    var outcomeOfReading: CallOutcome {
        guard let error = json([RESTError].self)?.first else { return outcomeByStatus }
        switch StatusCodes.verdict(ofCall: error.reason) {
        case .refused(let obstacle): return .refused(obstacle, error.reason)
        case .failed, .unclear: return .unclear(error.reason)
        }
    }

    /// The body as JSON of that form, or nil.
    func json<Form: Decodable>(_ form: Form.Type) -> Form? {
        do {
            return try JSONDecoder().decode(form, from: Data(body.readableBytesView))
        } catch {
            return nil  // what it says of the body may quote it
        }
    }
}
