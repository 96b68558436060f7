import Conversion
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_332_708_123, "2026-11-22T07:31:48.123Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ])
    func `writes and reads the same moment`(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [Int64.min, .max])
    func `writes as many characters whatever the moment`(_ milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description.utf8.count == 24)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T07:31:48Z", "2026-02-30T07:31:48.123Z",
        "2026-11-22 07:31:48.123Z", "2026-11-22T24:00:00.000Z", "2026-13-01T00:00:00.000Z",
        "2026-11-22T07:31:48.12aZ",
    ])
    func `refuses what it would not write`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }
}
