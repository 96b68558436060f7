import Foundation
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// Answers every request to the simulated org.
final class OrgServer: HTTPResponder {
    let configuration: SimulatorConfiguration
    let state: NIOLockedValueBox<OrgState>
    private let tokens: TokenEndpoint
    private let ownURL = NIOLockedValueBox("")

    init(_ configuration: SimulatorConfiguration) throws(SimulatorError) {
        self.configuration = configuration
        tokens = try TokenEndpoint(configuration)
        state = NIOLockedValueBox(OrgState(configuration, now: Date()))
    }

    /// Where callers find the org; known once it listens.
    var url: String {
        get { ownURL.withLockedValue { $0 } }
        set { ownURL.withLockedValue { $0 = newValue } }
    }

    func respond(to request: Request, context: CallContext) async throws -> Response {
        let delivery = Delivery(channel: context.channel)
        guard let incoming = try await read(request) else {
            return delivery.whole(Dialect.soap.reply(.tooLarge))
        }
        let route = Route(incoming.path)
        switch route {
        case .soap, .otherSoap, .rest:
            return try await answer(call(incoming, route), delivery)
        case .token, .versions, .audit, .leads, .unknown:
            return delivery.whole(answer(incoming, route))
        }
    }

    /// The request read whole; nil when it is over the 50 MB that Salesforce takes.
    private func read(_ request: Request) async throws -> Incoming? {
        guard let body = try? await request.body.collect(upTo: 50 * 1024 * 1024) else { return nil }
        return Incoming(
            method: request.method, path: request.uri.path,
            query: Incoming.fields(request.uri.query ?? "") ?? [:], headers: request.headers,
            body: Array(body.readableBytesView))
    }

    /// What is not an API call: neither counted, nor slowed down, nor disturbed.
    private func answer(_ incoming: Incoming, _ route: Route) -> Reply {
        switch route {
        case .audit:
            // Rendered outside the lock: a long audit must not hold up the calls it records.
            let audit = state.withLockedValue { $0.audit }
            return Reply(status: 200, contentType: "application/json", body: audit.json)
        case .leads:
            return LeadList.reply(incoming, state.withLockedValue { $0.org })
        case .token:
            let now = Date(), url = url
            return state.withLockedValue { state in
                let number = state.record(.token, size: 0, at: now)
                let fault = state.script.next(.token).fault
                if let page = OrgState.page(fault) {
                    state.audit.calls[number - 1].fault = fault
                    return page
                }
                return tokens.reply(incoming, &state, url: url, now: now)
            }
        case .versions:
            record(.versions)
            return .json(APIVersion.list(from: configuration.oldestVersion))
        case .soap, .otherSoap, .rest, .unknown:
            record(.other)
            return Dialect.rest.reply(.notFound())
        }
    }

    private func record(_ kind: CallKind) {
        state.withLockedValue { state in _ = state.record(kind, size: 0, at: Date()) }
    }
}

extension Refusal {
    fileprivate static let tooLarge = Refusal(
        code: "EXCEEDED_MAX_SIZE_REQUEST", message: "the message is larger than 50 MB",
        status: 413)
}

/// What a request's handler may touch besides the request: the connection, to cut it.
struct CallContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// `/__simulator/leads`: leads as CSV, for feeding a queue.
enum LeadList {
    static func reply(_ incoming: Incoming, _ org: Org) -> Reply {
        let name = incoming.query["state"] ?? "all"
        guard let state = SimulatedLead.State(rawValue: name) else {
            return refusal("unknown state \(name)")
        }
        guard let limit = incoming.query["limit"].map({ Int($0) }) ?? Int.max, limit >= 0 else {
            return refusal("limit is not a number")
        }
        let rows = org.leads.lazy.filter { $0.matches(state) }.prefix(limit).map { lead in
            [lead.id.text, lead.company, lead.email, lead.status, lead.ownerID.text]
                .map(quoted).joined(separator: ",")
        }
        return .csv((["Id,Company,Email,Status,OwnerId"] + rows).joined(separator: "\n") + "\n")
    }

    private static func refusal(_ message: String) -> Reply {
        Dialect.rest.reply(Refusal(code: "INVALID_QUERY", message: message))
    }

    private static func quoted(_ value: String) -> String {
        guard value.contains(where: { ",\"\n\r".contains($0) }) else { return value }
        return "\"\(value.replacing("\"", with: "\"\""))\""
    }
}
