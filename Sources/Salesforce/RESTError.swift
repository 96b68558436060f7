import Conversion
import Foundation
import NIOCore

/// An error as the REST API writes it, in an array: `[{"message":"...","errorCode":"..."}]`.
struct RESTError: Decodable {
    var errorCode: String
    var message: String

    var reason: Reason { Reason(errorCode, message) }
}

extension APIResponse {
    /// What an answer to a reading means that is not the reading itself.
    var outcomeOfReading: CallOutcome {
        guard let error = json([RESTError].self)?.first else { return outcomeByStatus }
        return CallOutcome(refusalOfReading: error.reason)
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
