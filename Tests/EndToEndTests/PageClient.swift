import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// Requests to the built daemon's status page.
enum Page {
    struct Answer: Sendable {
        var status: UInt
        var body: String
    }

    static func get(
        _ url: String, token: String? = nil, timeout: TimeAmount = .seconds(400)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: 10_000_000)
        return Answer(status: response.status.code, body: String(buffer: body))
    }
}

extension RunningProgram {
    /// Where the daemon's page listens, once it does.
    func pageURL() async throws -> String {
        try await waitFor("page.address=")
        let address =
            errors.components(separatedBy: "page.address=").last?
            .prefix { !$0.isWhitespace } ?? ""
        return "http://\(address)"
    }
}
