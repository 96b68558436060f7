import Conversion
import NIOHTTP1
import Synchronization

extension SalesforceTransport {
    /// Runs a query of ours, which begins behind SELECT.
    func select<Row: Decodable, Value>(
        _ query: String, _ row: Row.Type, _ read: ([Row]) -> Value?
    ) async -> CheckReply<Value> {
        // Letters, commas and an equals sign: the queries are ours, and nothing goes into them.
        let text = "SELECT \(query)".replacing(" ", with: "+").replacing("=", with: "%3D")
        return await get("/query?q=\(text)") { response in
            .json(response, Rows<Row>.self) { read($0.records) }
        }
    }

    /// Asks REST for what stands at a path behind the version.
    func get<Value>(
        _ path: String, _ read: (APIResponse) -> CheckReply<Value>.Outcome
    ) async -> CheckReply<Value> {
        await ask { session in
            APIRequest(
                method: .GET, url: "\(session.instance)/services/data/v\(version)\(path)",
                headers: bearerHeaders(session), timeout: settings.readTimeout)
        } read: { response in
            read(response)
        }
    }

    /// Asks once on the session there is.
    func ask<Value>(
        _ request: (Session) -> APIRequest, read: (APIResponse) -> CheckReply<Value>.Outcome
    ) async -> CheckReply<Value> {
        guard let session = state.withLock(\.session) else {
            return CheckReply(outcome: .refused(.session, .noSession))
        }
        return CheckReply(await http.send(request(session)), read: read)
    }

    /// Who asks, and by what right.
    func bearerHeaders(_ session: Session) -> HTTPHeaders {
        var headers = headers()
        headers.add(name: "Accept", value: "application/json")
        headers.add(name: "Authorization", value: "Bearer \(session.token.text)")
        return headers
    }
}

/// A page of a query's answer.
private struct Rows<Row: Decodable>: Decodable {
    var records: [Row]
}
