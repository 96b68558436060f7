import Foundation
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers

extension OrgServer {
    /// Lets an API call arrive, take its time, be carried out, and go wrong where it is to.
    func answer(_ call: APICall, _ delivery: Delivery) async throws -> Response {
        let admission = state.withLockedValue { $0.admit(call, at: Date()) }
        defer { state.withLockedValue { $0.finish(admission) } }
        guard await pass(pause(admission.number)) else { return try await delivery.cut() }
        await withCheckedContinuation { continuation in
            state.withLockedValue { $0.callHold.pass(call.kind, continuation) }
        }
        guard !Task.isCancelled else { return try await delivery.cut() }
        switch admission.decision {
        case .answer(let reply):
            return delivery.whole(addressed(reply, call, admission))
        case .perform(_, let fault):
            return try await perform(call, admission, fault, delivery)
        }
    }

    private func perform(
        _ call: APICall, _ admission: Admission, _ fault: Fault?, _ delivery: Delivery
    ) async throws -> Response {
        if fault == .dropBeforeCommit { return try await delivery.cut() }
        if fault == .stall {
            let silence = Duration.seconds(configuration.stallSeconds)
            guard await pass(silence) else { return try await delivery.cut() }
        }
        let reply = addressed(
            state.withLockedValue { $0.perform(call, admission, at: Date()) }, call, admission)
        switch fault {
        case .dropAfterCommit, .stall:
            return try await delivery.cut()
        case .badGatewayAfterCommit:
            return delivery.whole(.badGateway)
        case .truncateAfterCommit:
            // Both ways in turn: what the client sees is a short document, or a broken transfer.
            return admission.number.isMultiple(of: 2)
                ? delivery.shortened(reply) : delivery.brokenOff(reply)
        default:
            return delivery.whole(reply)
        }
    }

    /// How long this call takes.
    private func pause(_ number: Int) -> Duration {
        let chance = SeededChance(seed: configuration.seed)
        return .milliseconds(chance.pick(configuration.latency, number: number))
    }

    /// Lets time pass; false when the simulator was stopped meanwhile.
    private func pass(_ time: Duration) async -> Bool {
        guard time > .zero else { return true }
        return (try? await Task.sleep(for: time)) != nil
    }

    /// REST tells the usage in a header, in its newer form and its older one in turn.
    private func addressed(_ reply: Reply, _ call: APICall, _ admission: Admission) -> Reply {
        guard call.dialect == .rest, reply.contentType.hasPrefix("application/json"),
            let name = HTTPField.Name("Sforce-Limit-Info")
        else { return reply }
        let usage = state.withLockedValue { $0.usage(at: Date()) }
        let bursts = admission.number.isMultiple(of: 2) ? "" : "; api-bursts=1/750"
        return reply.with(name, "api-usage=\(usage.used)/\(usage.limit)\(bursts)")
    }
}
