import Conversion
import NIOHTTP1

extension Reply {
    /// Reads what came of a question.
    init(_ result: APIResult, read: (APIResponse) -> Outcome) {
        switch result {
        case .neverSent(let reason):
            self.init(.refused(.outage, reason))
        case .lost(let reason, let status):
            self.init(.unclear(reason), httpStatus: status)
        case .answered(let response):
            self.init(response, read(response))
            serverTime = response.headers["Date"].first.flatMap { Timestamp(httpDate: $0) }
        }
    }
}

extension Reply.Outcome {
    /// What a REST answer of that form says.
    static func json<Form: Decodable>(
        _ response: APIResponse, _ form: Form.Type, _ read: (Form) -> Value?
    ) -> Self {
        guard response.status == 200 else { return Self(response.outcomeOfReading) }
        guard let value = response.json(form).flatMap(read) else {
            return .unclear(.unreadable("The answer is not of the form that was asked for"))
        }
        return .value(value)
    }
}
