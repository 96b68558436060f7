public import Conversion
import Salesforce
public import Storage

/// Which fields of a lead's records are read back: `Account.Name,Contact.Email`.
public struct FetchedFields: Sendable {
    /// An object, its fields, and which column of a result has the record's id.
    struct OfObject: Sendable {
        var name: String
        var column: String
        var fields: [String]
    }

    /// As they were named, in their order.
    public let names: [String]
    let objects: [OfObject]

    /// Reads the list.
    /// - Throws: `OperatorError` 64 when a name is no field of an account, contact or opportunity.
    public init(_ text: String) throws(OperatorError) {
        var objects = [
            OfObject(name: "Account", column: "result_account_id", fields: []),
            OfObject(name: "Contact", column: "result_contact_id", fields: []),
            OfObject(name: "Opportunity", column: "result_opportunity_id", fields: []),
        ]
        var names: [String] = []
        for name in text.split(separator: ",").map({ $0.filter { !$0.isWhitespace } }) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 2, let place = objects.firstIndex(where: { $0.name == parts[0] }),
                let first = parts[1].first, first.isLetter,
                parts[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            else {
                throw OperatorError(
                    .usage,
                    "--fetch \(name): it names no field of an account, contact or opportunity.",
                    remedy: "Write --fetch 'Account.Name,Contact.Email,Opportunity.StageName'.")
            }
            guard !names.contains(name) else { continue }
            names.append(name)
            objects[place].fields.append(parts[1])
        }
        guard !names.isEmpty else {
            throw OperatorError(
                .usage, "--fetch names no field.",
                remedy: "Write --fetch 'Account.Name,Contact.Email,Opportunity.StageName'.")
        }
        self.names = names
        self.objects = objects.filter { !$0.fields.isEmpty }
    }
}

/// Reads the records that leads were converted into, as the org has them now; each request is a row of
/// `calls` and paid for.
public struct RecordFetcher {
    /// Results that are read at once.
    public static let most = 2000

    private let fields: FetchedFields
    private var client: RecordingClient

    /// Reads these fields through a client that has logged in, as long as the allowance lasts.
    public init(_ fields: FetchedFields, through client: RecordingClient) {
        self.fields = fields
        self.client = client
    }

    /// The fields of each result, in the order of `FetchedFields.names`; null where there is no such
    /// record, or it is not shown to us.
    /// - Parameter results: At most 2,000.
    /// - Throws: `OperatorError` 69 when the org does not answer or the allowance is spent, never 75,
    ///   which says of results that some are unsettled; 77 when a field is not ours to read.
    public mutating func fetch(_ results: [TableRow]) async throws -> [[JSON]] {
        var found = [[String: JSON]](repeating: [:], count: results.count)
        for object in fields.objects {
            let places = results.indices.filter { results[$0].id(object.column) != nil }
            let ids = places.compactMap { results[$0].id(object.column) }
            guard !ids.isEmpty else { continue }
            if let reason = try client.reasonToStop() { throw spent(reason) }
            let outcome = try await client.askAgain(as: .fetch) { transport in
                await transport.retrieve(ids, of: object.name, fields: object.fields)
            }
            let records = try records(outcome)
            for (place, record) in zip(places, records) {
                for field in object.fields {
                    let value = record?.first { $0.key.lowercased() == field.lowercased() }?.value
                    found[place]["\(object.name).\(field)"] = value ?? .null
                }
            }
        }
        return found.map { row in fields.names.map { row[$0] ?? .null } }
    }

    private func records<Records>(
        _ outcome: Reply<Records>.Outcome
    ) throws(OperatorError) -> Records {
        if case .refused(_, let reason) = outcome,
            ["INVALID_FIELD", "INVALID_TYPE"].contains(reason.code)
        {
            throw OperatorError(
                .permission, "Nothing was printed: \(reason.message) (\(reason.code)).",
                remedy: "Check the names after --fetch, and what the user may read.")
        }
        do {
            return try outcome.get()
        } catch {
            throw OperatorError(
                error.status == .tryLater ? .unavailable : error.status,
                "Nothing was printed: \(error.sentence).",
                remedy: (error.remedy.map { "\($0) " } ?? "") + Self.remedy)
        }
    }

    private func spent(_ reason: String) -> OperatorError {
        OperatorError(
            .unavailable, "Nothing was printed: \(reason).",
            remedy: "Wait until requests are a day old, lower LEADCONVERT_RESERVE or raise "
                + "LEADCONVERT_DAILY_SHARE. \(Self.remedy)")
    }

    private static let remedy = "Type it again, or leave --fetch out: then the org is not asked."
}

extension TableRow {
    fileprivate func id(_ column: String) -> String? {
        guard case .text(let id) = self[column], id.utf8.count == 15 || id.utf8.count == 18,
            id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        else { return nil }
        return id
    }
}
