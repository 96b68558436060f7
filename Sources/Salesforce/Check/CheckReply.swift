public import Conversion
import NIOHTTP1

/// What came of one question that only looks whether all is well.
public struct CheckReply<Value: Sendable>: Sendable {
    /// What it came to.
    public enum Outcome: Sendable {
        /// The answer.
        case read(Value)
        /// Refused, or never sent.
        case refused(Obstacle, Reason)
        /// Answered with something that can't be understood, or lost.
        case unclear(Reason)
    }

    /// What it came to.
    public var outcome: Outcome
    /// The HTTP status, if an answer came at all.
    public var httpStatus: Int?
    /// The org's own count of API requests, if the answer carried it.
    public var usage: OrgUsage?
    /// What the host's clock showed, to the second.
    public var serverTime: Timestamp?

    /// What was wrong with the request as a whole, if anything.
    public var reason: Reason? {
        switch outcome {
        case .read: nil
        case .refused(_, let reason), .unclear(let reason): reason
        }
    }
}

extension CheckReply {
    /// Reads what came of a question.
    init(_ exchange: APIResult, read: (APIResponse) -> Outcome) {
        switch exchange {
        case .neverSent(let reason):
            outcome = .refused(.outage, reason)
        case .lost(let reason, let status):
            outcome = .unclear(reason)
            httpStatus = status
        case .answered(let response):
            outcome = read(response)
            httpStatus = response.status
            usage = OrgUsage(header: response.headers)
            serverTime = response.headers["Date"].first.flatMap { Timestamp(httpDate: $0) }
        }
    }
}

extension CheckReply.Outcome {
    /// What an answer means that is not the reading itself.
    init(_ outcome: CallOutcome, _ response: APIResponse) {
        switch outcome {
        case .refused(let obstacle, let reason): self = .refused(obstacle, reason)
        case .unclear(let reason): self = .unclear(reason)
        case .loggedIn, .limitsRead, .converted, .verified, .matched:
            self = .unclear(.unreadable("The answer (HTTP \(response.status)) is another's"))
        }
    }

    /// What a REST answer of that form says.
    static func json<Form: Decodable>(
        _ response: APIResponse, _ form: Form.Type, _ read: (Form) -> Value?
    ) -> Self {
        guard response.status == 200 else { return Self(response.outcomeOfReading, response) }
        guard let value = response.json(form).flatMap(read) else {
            return .unclear(.unreadable("The answer is not of the form that was asked for"))
        }
        return .read(value)
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
