import Foundation
import Glibc
import Intake
import TestSupport
import Testing

/// How many rows a file has is guessed before it is read, to show the time left.
@Suite struct RowCountTests {
    private static let lines = "\u{FEFF}{}\n{}\n{}\n"
    private static let array = "\u{FEFF}\n [{},\n{}]\n"

    @Test(
        arguments: [
            ("a.csv", "x\n1\n", nil, 2), ("a.tsv", "x\n1\n", nil, 2), ("a.jsonl", lines, nil, 3),
            ("a.ndjson", lines, nil, 3), ("leads", lines, nil, 3), ("leads", "x\n1\n", nil, 2),
            ("leads", array, nil, nil), ("a.json", array, .json, nil), ("leads", array, .csv, 3),
            ("gone", nil, nil, nil),
        ] as [(String, String?, IntakeFormat?, Int?)])
    func `lines are counted where a row is one`(
        name: String, text: String?, format: IntakeFormat?, count: Int?
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(name)
            if let text { try Data(text.utf8).write(to: file) }
            let format = format ?? IntakeFormat(pathExtensionOf: name)
            #expect(IntakeFormat.rowsAtMost(ofFile: file.path, format: format) == count)
        }
    }

    @Test func `the rows of a pipe are not counted, which would use them up`() async throws {
        try await withTemporaryFolder { folder in
            let pipe = folder.appendingPathComponent("a.csv").path
            mkfifo(pipe, 0o600)
            #expect(IntakeFormat.rowsAtMost(ofFile: pipe, format: .csv) == nil)
        }
    }
}
