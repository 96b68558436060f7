import Foundation
import HTTPTypes

/// Reads what a REST request wants.
struct RestRequest {
    private struct Retrieval: Decodable {
        var ids: [String]
        var fields: [String]
    }

    private let incoming: Incoming
    private let rest: [String]
    private let apexAction: String?

    init(_ incoming: Incoming, _ rest: [String], apexAction: String?) {
        self.incoming = incoming
        self.rest = rest
        self.apexAction = apexAction
    }

    func operation() throws(Refusal) -> Operation {
        switch (rest.first, rest.count) {
        case ("limits", 1):
            try demand(.get)
            return .limits
        case ("query", 1), ("queryAll", 1):
            try demand(.get)
            guard let text = incoming.query["q"] else {
                throw Refusal(code: "MALFORMED_QUERY", message: "a query is required")
            }
            return .query(text, includesDeleted: rest[0] == "queryAll")
        case ("query", 2):
            try demand(.get)
            return .morePages(locator: rest[1])
        case ("sobjects", 1):
            try demand(.get)
            return .describe
        case ("sobjects", 3):
            return try record()
        case ("composite", 2) where rest[1] == "sobjects":
            return try write()
        case ("composite", 3) where rest[1] == "sobjects":
            return try retrieval()
        case ("actions", _):
            return try action()
        default:
            throw .notFound()
        }
    }

    private func demand(_ method: HTTPRequest.Method) throws(Refusal) {
        guard incoming.method == method else {
            throw Refusal(
                code: "METHOD_NOT_ALLOWED",
                message: "HTTP Method '\(incoming.method.rawValue)' not allowed. "
                    + "Allowed are \(method.rawValue)", status: 405)
        }
    }

    private func demandJSON() throws(Refusal) {
        guard incoming.mediaType == "application/json" else {
            throw Refusal(
                code: "UNSUPPORTED_MEDIA_TYPE",
                message: "Content-Type header must be application/json", status: 415)
        }
    }

    private func record() throws(Refusal) -> Operation {
        try demand(.get)
        guard let entity = Entity(name: rest[1]) else { throw .notFound() }
        let fields = incoming.query["fields"] ?? ""
        return .record(entity, id: rest[2], fields: fields.split(separator: ",").map(String.init))
    }

    private func retrieval() throws(Refusal) -> Operation {
        try demand(.post)
        try demandJSON()
        guard let entity = Entity(name: rest[2]) else { throw .notFound() }
        guard let asked = try? JSONDecoder().decode(Retrieval.self, from: Data(incoming.body))
        else {
            throw Refusal(code: "JSON_PARSER_ERROR", message: "ids and fields are required")
        }
        guard asked.ids.count <= 2000 else {
            throw Refusal(
                code: "EXCEEDED_ID_LIMIT",
                message: "record limit reached. cannot submit more than 2000 records in this call")
        }
        return .retrieve(entity, ids: asked.ids, fields: asked.fields)
    }

    /// Up to 200 records, each by itself or all together.
    private func write() throws(Refusal) -> Operation {
        try demandJSON()
        let records = try WrittenRecord.read(incoming.body)
        switch incoming.method {
        case .patch: return .update(records)
        case .post: return .create(records)
        default:
            throw Refusal(
                code: "METHOD_NOT_ALLOWED", message: "Allowed are PATCH, POST", status: 405)
        }
    }

    /// There is no standard action that converts leads, however many tools believe in one.
    private func action() throws(Refusal) -> Operation {
        guard rest.count == 4, rest[1] == "custom", rest[2] == "apex", rest[3] == apexAction
        else { throw .notFound("Invalid Action Type: \(rest.last ?? "")") }
        try demand(.post)
        try demandJSON()
        let (requests, options) = try ActionInput.read(incoming.body)
        return .convert(requests, options, .action(name: rest[3]))
    }
}
