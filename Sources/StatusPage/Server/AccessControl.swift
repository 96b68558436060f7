import Conversion
import Cryptography
import Foundation
import Synchronization

/// Who may see the page, and which requests may change something. A value: it knows no server.
struct AccessControl: Sendable {
    /// The headers of a request that it has to know.
    struct Headers: Sendable {
        var host: String?
        var origin: String?
        var fetchSite: String?
        var authorization: String?
        var cookies: String?
    }

    private let token: String?
    private let isLoopback: Bool
    /// New at each start: whatever was handed out before is void.
    private let key = (0..<SHA256.size).map { _ in UInt8.random(in: 0...255) }
    /// Browsers keep the cookies of all ports of a host together: each queue's page has its own.
    let cookie: String
    private let ended = EndedSessions()
    /// For how long a login holds.
    private static let sessionMS: Int64 = 12 * 3_600_000

    init(_ options: ListenOptions, queue path: String) {
        token = options.token?.text
        let mark = SHA256.authenticationCode(of: path, key: []).prefix(4)
        cookie = "leadconvert_session_\(Array(mark).hexadecimal)"
        if case .host = options.address {
            isLoopback = options.address.isLoopback
        } else {
            // No browser reaches a socket by itself; what stands before it checks the name.
            isLoopback = false
        }
    }

    /// Whether one has to show the token.
    var needsToken: Bool { token != nil }

    /// Whether the request names us as we are called: a page from elsewhere whose name was made to
    /// point here (DNS rebinding) sends its own.
    ///
    /// Where a token is needed any name is ours, because a web server before the page has one: to a page
    /// from elsewhere the browser gives no session, which it keeps by the name, so all that it can
    /// see is the login.
    func isAddressed(_ headers: Headers) -> Bool {
        guard isLoopback, token == nil else { return true }
        guard let host = headers.host else { return false }
        return Self.name(ofHost: host).isLoopbackHost
    }

    private static func name(ofHost host: String) -> Substring {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            return host[host.index(after: host.startIndex)..<end]
        }
        return host.prefix { $0 != ":" }
    }

    /// Whether the request may see the queue.
    func isAllowed(_ headers: Headers, at now: Timestamp) -> Bool {
        guard token != nil else { return true }
        // Another scheme is for the web server that stands before the page.
        if let parts = headers.authorization?.split(separator: " ", maxSplits: 1),
            parts.first?.lowercased() == "bearer"
        {
            return parts.count == 2 && isToken(String(parts[1]))
        }
        guard let session = session(in: headers.cookies) else { return false }
        return isSession(session, at: now)
    }

    /// Whether it is the token. Not compared byte by byte, or the time that takes would tell how
    /// many are right.
    func isToken(_ text: String) -> Bool {
        guard let token else { return false }
        return SHA256.isSame(mac(text, for: "token"), mac(token, for: "token"))
    }

    // MARK: Sessions

    /// What the browser of somebody who knows the token keeps.
    func session(at now: Timestamp) -> String {
        let end = String((now + Self.sessionMS).milliseconds)
        return "\(end).\(mac(end, for: "session").hexadecimal)"
    }

    private func isSession(_ text: String, at now: Timestamp) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let end = Int64(parts[0]), end > now.milliseconds else {
            return false
        }
        return isSame(parts[1], mac(parts[0], for: "session")) && !ended.contains(text)
    }

    /// Ends a session before its time: somebody may have kept its cookie.
    func endSession(of headers: Headers, at now: Timestamp) {
        guard let session = session(in: headers.cookies), isSession(session, at: now) else {
            return
        }
        ended.insert(session, until: now + Self.sessionMS, at: now)
    }

    private func session(in cookies: String?) -> String? {
        guard let cookies else { return nil }
        for cookie in cookies.split(separator: ";") {
            let pair = cookie.trimmingCharacters(in: .whitespaces).split(
                separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0] == self.cookie { return String(pair[1]) }
        }
        return nil
    }

    // MARK: Forms

    /// What a form of ours carries. Only a page of ours can read it: others may send a form here,
    /// but not look at ours.
    var formToken: String { mac("form", for: "form").hexadecimal }

    /// Whether a form comes from a page of ours.
    func isOurForm(_ token: String?, _ headers: Headers) -> Bool {
        guard let token, isSame(token, mac("form", for: "form")) else { return false }
        if let site = headers.fetchSite, site != "same-origin", site != "none" { return false }
        return hasOurOrigin(headers)
    }

    /// Whether the page that a form comes from has the name that the request was sent to.
    func hasOurOrigin(_ headers: Headers) -> Bool {
        guard let origin = headers.origin else { return true }
        guard let host = headers.host, let scheme = origin.range(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == host.lowercased()
    }

    // MARK: Codes

    private func mac(_ text: String, for purpose: String) -> [UInt8] {
        SHA256.authenticationCode(of: "\(purpose):\(text)", key: key)
    }

    private func isSame(_ text: String, _ mac: [UInt8]) -> Bool {
        SHA256.isSame(Array(text.utf8), Array(mac.hexadecimal.utf8))
    }
}

/// Sessions that somebody has logged out of, as long as they would have held.
private final class EndedSessions: Sendable {
    private let ends = Mutex<[String: Timestamp]>([:])

    func contains(_ session: String) -> Bool { ends.withLock { $0[session] != nil } }

    func insert(_ session: String, until end: Timestamp, at now: Timestamp) {
        ends.withLock { ends in
            ends = ends.filter { $0.value > now }
            ends[session] = end
        }
    }
}
