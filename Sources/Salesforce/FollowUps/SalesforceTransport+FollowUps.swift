public import Conversion
import NIOCore
import NIOHTTP1

/// What follows conversions, and reading what came of them.
extension SalesforceTransport {
    /// Sets fields.
    public func update(
        _ records: [FieldUpdate], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        precondition((1...200).contains(records.count), "a call sets 1...200 records")
        return await write(
            .PATCH, RecordWrites.body(records), records.map(\.recordID), before: latest)
    }

    /// Makes notes or tasks.
    public func create(
        _ records: [MarkedRecord], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        precondition((1...200).contains(records.count), "a call makes 1...200 records")
        return await write(
            .POST, RecordWrites.body(records), records.map { _ in nil }, before: latest)
    }

    /// Looks for notes or tasks.
    public func find(_ records: [MarkedRecord]) async -> Reply<[[String]]> {
        precondition((1...100).contains(records.count), "a search takes 1...100 marks")
        let text = MarkQuery.text(records)
        return await call(.rest) { session in
            APIRequest(
                method: .GET,
                url:
                    "\(session.instance)/services/data/v\(version)/queryAll?q=\(text.percentEncoded)",
                headers: restHeaders(session), timeout: settings.readTimeout)
        } read: { response in
            Reply(
                MarkQuery.outcome(of: response, for: records), httpStatus: response.status,
                usage: OrgUsage(header: response.headers))
        }
    }

    private func write(
        _ method: HTTPMethod, _ body: ByteBuffer, _ ids: [String?],
        before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        await call(.rest) { session in
            APIRequest(
                method: method,
                url: "\(session.instance)/services/data/v\(version)/composite/sobjects",
                headers: restHeaders(session, contentType: "application/json"), body: body,
                timeout: settings.callTimeout, latest: latest)
        } read: { response in
            let outcome = RecordWrites.outcome(of: response, for: ids)
            var reply = Reply(
                outcome, httpStatus: response.status, usage: OrgUsage(header: response.headers))
            // Answered to the end by Salesforce, though what it says can't be used.
            if case .unclear(let reason) = outcome {
                reply.isOver = ["SHORT_ANSWER", "WRONG_RECORD"].contains(reason.code)
            }
            return reply
        }
    }
}
