import Conversion
import Testing

@Suite struct RecordIDTests {
    @Test(arguments: [
        ("00QD000000FP14J", "00QD000000FP14JMAT", RecordID.Kind.lead),
        ("001D000000HRzTR", "001D000000HRzTRIA1", .account),
        ("0034C00000UQ6jI", "0034C00000UQ6jIQAT", .contact),
        ("00526000004wk0w", "00526000004wk0wAAA", .user),
        ("0062z000001uX5c", "0062z000001uX5cAAE", .opportunity),
    ])
    func `completes fifteen characters to eighteen`(
        _ short: String, _ long: String, _ kind: RecordID.Kind
    ) throws {
        #expect(try RecordID(short, of: kind).description == long)
        #expect(try RecordID(short, of: kind) == RecordID(long, of: kind))
    }

    @Test func `tells leads apart by case alone`() throws {
        #expect(
            try RecordID("00QWs000001AbcD", of: .lead) != RecordID("00QWs000001AbcE", of: .lead))
        #expect(
            try RecordID("00QWs000001AbcD", of: .lead)
                != RecordID("00QWs000001AbcD".lowercasedTail, of: .lead))
    }

    @Test(arguments: [
        ("00QD000000FP14JMAX", MalformedRecordID.suffix(expected: "MAT")),
        ("00QD000000FP14JM", .length(16)),
        ("", .length(0)),
        ("00QD000000FP14é", .length(16)),
        ("00QD000000FP1 J", .character),
        ("001D000000HRzTR", .prefix(expected: .lead)),
        ("00qd000000fp14j", .prefix(expected: .lead)),
    ])
    func `says what is wrong`(_ text: String, _ wrong: MalformedRecordID) {
        #expect(throws: wrong) { try RecordID(text, of: .lead) }
    }
}

extension String {
    fileprivate var lowercasedTail: String { prefix(5) + dropFirst(5).lowercased() }
}
