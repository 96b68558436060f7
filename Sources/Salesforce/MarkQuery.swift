import Conversion

/// Looks for notes or tasks by their marks, with one SOQL query.
///
/// The mark on its record is exact: who made it and when is not asked, because what an earlier life of
/// the queue's file has left under another login must be found, too. `queryAll` sees those that are in
/// the recycle bin: what somebody has deleted was there, and is not made again.
/// Sources: REST API Developer Guide, "QueryAll"; SOQL and SOSL Reference, "LIKE".
enum MarkQuery {
    static func text(_ records: [MarkedRecord]) -> String {
        let isNote = records.first?.kind == .note
        let (object, parent, title) =
            isNote ? ("Note", "ParentId", "Title") : ("Task", "WhoId", "Subject")
        let parents = Set(records.map(\.parentID)).sorted()
            .map { "'\($0.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })'" }
        // A mark is letters and digits.
        let marks = records.map { "\(title) LIKE '%lc-\($0.mark.code)%'" }
        return "SELECT Id, \(parent), \(title) FROM \(object) "
            + "WHERE \(parent) IN (\(parents.joined(separator: ","))) "
            + "AND (\(marks.joined(separator: " OR ")))"
    }

    /// The ids of each, in the order of the records.
    static func outcome(
        of response: APIResponse, for records: [MarkedRecord]
    ) -> Reply<[[String]]>.Outcome {
        guard response.status == 200 else { return .init(refusal(response)) }
        guard let page = response.json(QueryRows<Row>.self) else {
            return .unclear(.unreadable("The answer is not a list of records"))
        }
        guard page.done else {
            return .refused(
                .callTooLarge,
                Reason(ours: "MANY_RECORDS", "The search found more than one answer holds."))
        }
        return .value(
            records.map { record in
                page.records.filter { $0.isMade(from: record) }.map(\.id)
            })
    }

    /// What Salesforce says of a query may quote it.
    private static func refusal(_ response: APIResponse) -> Failure {
        switch response.outcomeOfReading {
        // Hidden from the user, who could make it: nothing can be asked until somebody acts, and the
        // rest of the queue need not wait for that.
        case .refused(.permission, let reason), .unclear(let reason):
            .unclear(
                Reason(
                    ours: reason.code,
                    "Salesforce did not answer the search for a note or task. Its user must be "
                        + "able to read ParentId and Title of notes, WhoId and Subject of tasks."))
        case .refused(let blocker, let reason): .refused(blocker, reason)
        }
    }

    private struct Row: Decodable {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case parentID = "ParentId"
            case whoID = "WhoId"
            case title = "Title"
            case subject = "Subject"
        }

        var id: String
        var parentID: String?
        var whoID: String?
        var title: String?
        var subject: String?

        func isMade(from record: MarkedRecord) -> Bool {
            guard let parent = parentID ?? whoID, let title = title ?? subject else { return false }
            return parent.prefix(15) == record.parentID.prefix(15)
                && title.contains("lc-\(record.mark.code)")
        }
    }
}
