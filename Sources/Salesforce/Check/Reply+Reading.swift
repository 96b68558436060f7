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

extension Timestamp {
    /// Reads `Sun, 22 Nov 2026 07:31:48 GMT`, the form that RFC 9110 demands.
    init?(httpDate text: String) {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        self.init("\(words[3])-\(number)-\(words[1])T\(words[4]).000Z")
    }
}
