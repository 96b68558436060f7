import HTTPTypes

/// An answer, before anything goes wrong with it on its way.
struct Reply: Sendable {
    var status: Int
    var contentType: String
    var headers: [(name: HTTPField.Name, value: String)] = []
    var body: [UInt8]

    static func xml(_ text: String, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "text/xml; charset=utf-8", body: Array(text.utf8))
    }

    static func json(_ value: JSON, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "application/json;charset=UTF-8", body: value.bytes)
    }

    static func csv(_ text: String) -> Reply {
        Reply(status: 200, contentType: "text/csv; charset=utf-8", body: Array(text.utf8))
    }

    /// What a proxy or an edge says in Salesforce's place.
    static func page(_ title: String, status: Int) -> Reply {
        let text = """
            <!DOCTYPE html>
            <html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>

            """
        return Reply(
            status: status, contentType: "text/html; charset=UTF-8", body: Array(text.utf8))
    }

    static let unavailable = page("Service Unavailable", status: 503)
    static let badGateway = page("Bad Gateway", status: 502)
    static let loginPage = page("Salesforce - Login", status: 200)
    static let forbidden = page("Forbidden", status: 403)
    static let notFound = page("Not Found", status: 404)
    static let misdirected = page("Misdirected Request", status: 421)
    static let redirect = page("Found", status: 302).with(.location, "/secur/frontdoor.jsp")

    func with(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers.append((name, value))
        return reply
    }
}
