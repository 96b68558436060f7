import Conversion
import Foundation
import Testing

@testable import Intake

/// What a row asks for after its conversion.
@Suite struct FollowUpTemplateTests {
    @Test(arguments: ["\\u000b", "\"", "\\", "\n", "\t", "/", "é", "😀"])
    func `whatever a cell holds, the fields to set are JSON`(odd: String) throws {
        var mapping = Mapping()
        mapping.defaultStatus = "Qualified"
        try mapping.followUps.set("Account.Website={{Site}}")
        try mapping.followUps.set("Opportunity.Amount={{Budget}}")
        try mapping.followUps.input("summary={{Site}}")
        let cells = try JSONSerialization.data(
            withJSONObject: ["leadId": "00QWs0000000001MAA", "Site": "a\(odd)b", "Budget": 7])
        let text = String(decoding: cells, as: UTF8.self)
        let lead = try #require(try row(text, mapping: mapping).lead)

        let set = try object(lead.followUps?.afterSet)
        #expect((set["Account"] as? [String: String]) == ["Website": "a\(odd)b"])
        #expect((set["Opportunity"] as? [String: Int]) == ["Amount": 7])
        #expect(try object(lead.extra)["summary"] as? String == "a\(odd)b")
    }

    private static let templates = [
        "after_set": "--set", "note_title": "--note-title", "note_body": "--note",
        "task_subject": "--task", "extra": "--input",
    ]

    @Test(arguments: try Self.limits())
    func `a text that a column has no room for refuses its row, not the whole input`(
        column: String, most: Int
    ) throws {
        for (length, fits) in [(most, true), (most + 1, false)] {
            var mapping = Mapping()
            mapping.defaultStatus = "Qualified"
            var text = String(repeating: "é", count: length)
            switch column {
            case "after_set":
                try mapping.followUps.set("Contact.X={{x}}")
                text.removeLast(#"{"Contact":{"X":""}}"#.count)
            case "extra":
                try mapping.followUps.input("x={{x}}")
                text.removeLast(#"{"x":""}"#.count)
            case "note_body":
                try mapping.followUps.leaveNote("{{x}}", title: nil, on: nil)
            case "note_title":
                try mapping.followUps.leaveNote("x", title: "{{x}}", on: nil)
            case "task_subject":
                try mapping.followUps.leaveTask("{{x}}", due: nil, at: Timestamp(milliseconds: 0))
            case "match_email":
                try mapping.set("matchEmail={{x}}")
                text.replaceSubrange(text.index(after: text.startIndex)..., with: "@")
                text += String(repeating: "é", count: length - 2)
            default:
                let field = column.replacing("_", with: "")
                try mapping.set("\(field)={{x}}")
            }
            let row = try row(#"{"leadId":"00QWs0000000001MAA","x":"\#(text)"}"#, mapping: mapping)
            guard column != "note_title" else {
                // Salesforce is sent less of it anyway.
                #expect(row.lead?.followUps?.noteTitle?.unicodeScalars.count == most)
                continue
            }
            #expect((row.lead != nil) == fits, "\(column)")
            guard !fits, let option = Self.templates[column] else { continue }
            #expect(row.reason?.hasPrefix("\(option): ") == true, "\(row)")
            #expect(row.reason?.hasSuffix("more than \(most) characters: shorten it") == true)
        }
    }

    /// The columns of jobs whose texts have a limit, and how many characters they take at most.
    private static func limits() throws -> [(String, Int)] {
        let file = URL(fileURLWithPath: "\(#filePath)/../../../migrations/v1_jobs.sql").standardized
        let schema = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(schema.firstRange(of: "CREATE TABLE jobs ("))
        let jobs = schema[start.upperBound...]
        let end = try #require(jobs.firstRange(of: ") STRICT;"))
        let limits = jobs[..<end.lowerBound].matches(of: /length\(([a-z_]+)\) <= ([0-9]+)/)
        try #require(limits.count >= 9)
        return try limits.map { (String($0.1), try #require(Int($0.2))) }
    }

    private func object(_ text: String?) throws -> [String: Any] {
        let data = Data(try #require(text).utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
