import Conversion
import Drain
import Foundation
import Testing

@testable import Settings

@Suite struct TimeTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    @Test(
        arguments: [
            ("0s", 0), ("500ms", 500), ("30s", 30_000), ("15m", 900_000), ("12h", 43_200_000),
            ("90d", 7_776_000_000), ("36500d", 3_153_600_000_000),
        ] as [(String, Int64)])
    func `reads a duration`(text: String, milliseconds: Int64) {
        #expect(DurationText(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "30", "s", "-5s", "+5s", "1.5h", "5 s", "5S", "5w", "36501d", "99999999999999999999s",
        "9223372036854775807d", "٣s",
    ])
    func `refuses what is no duration`(text: String) {
        #expect(DurationText(text) == nil)
    }

    @Test(arguments: [
        ("2026-11-22T07:31:48.123Z", "2026-11-22T07:31:48.123Z"),
        ("2026-11-22t07:31:48z", "2026-11-22T07:31:48.000Z"),
        ("2026-11-22 07:31Z", "2026-11-22T07:31:00.000Z"),
        ("2026-11-22T08:31:48.5+01:00", "2026-11-22T07:31:48.500Z"),
        ("2026-01-01T00:30+0100", "2025-12-31T23:30:00.000Z"),
        ("2026-11-22T07:31:48.123456789-00:30", "2026-11-22T08:01:48.123Z"),
    ])
    func `reads a time with its zone`(text: String, expected: String) {
        #expect(TimeText(ahead: text, now: now)?.moment.description == expected)
        #expect(TimeText(past: text, now: now)?.moment.description == expected)
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "2026-11-22T07:31:48", "2026-02-30T07:31:48Z",
        "2026-11-22T24:00:00Z", "2026-11-22T07:31:48+16:00", "2026-11-22T07:31:48+01:60", "+15",
        // The zone takes them to a year that our texts, which sort by time, can't hold.
        "9999-12-31T23:59:59-05:00", "0000-01-01T00:00+15:00",
    ])
    func `refuses what is no time`(text: String) {
        #expect(TimeText(ahead: text, now: now) == nil)
        #expect(TimeText(past: text, now: now) == nil)
    }

    @Test func `counts from now in the direction that is meant`() {
        #expect(TimeText(ahead: "+15m", now: now)?.moment == now + 900_000)
        #expect(TimeText(ahead: "15m", now: now) == nil)
        #expect(TimeText(past: "2h", now: now)?.moment == now + -7_200_000)
        #expect(TimeText(past: "+2h", now: now) == nil)
    }

    @Test func `reads run hours`() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(
            RunWindow("20:00-06:30 Europe/Berlin")
                == RunWindow(start: 1200, end: 390, zone: berlin))
        #expect(RunWindow("8:05 - 17:00 UTC") == RunWindow(start: 485, end: 1020, zone: .gmt))
    }

    @Test(arguments: [
        "20:00-06:00", "20-06 UTC", "24:00-06:00 UTC", "20:60-06:00 UTC", "06:00-06:00 UTC",
        "20:00-06:00 Europe/Nowhere", "20:00-06:00 Europe/Berlin x",
    ])
    func `refuses what are no run hours`(text: String) {
        #expect(RunWindow(text) == nil)
    }
}
