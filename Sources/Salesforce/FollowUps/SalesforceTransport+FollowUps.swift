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
        let query = MarkQuery.text(records).percentEncoded
        return await rest(.GET, "\(dataPath)/queryAll?q=\(query)") { response in
            Reply(response, MarkQuery.outcome(of: response, for: records))
        }
    }

    private func write(
        _ method: HTTPMethod, _ body: ByteBuffer, _ ids: [String?],
        before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        await rest(
            method, "\(dataPath)/composite/sobjects", body: body, timeout: settings.callTimeout,
            before: latest
        ) { response in
            var reply = Reply(response, RecordWrites.outcome(of: response, for: ids))
            // Answered to the end by Salesforce, though what it says can't be used.
            if case .unclear(let reason) = reply.outcome {
                reply.isOver = ["SHORT_ANSWER", "WRONG_RECORD"].contains(reason.code)
            }
            return reply
        }
    }
}
