import Conversion
import Foundation
import Testing

@testable import Preflight

@Suite struct ClockFindingTests {
    private let shown = Timestamp(milliseconds: 1_700_000_000_000)

    /// Asked so many seconds after the host's second began, and answered two seconds later.
    private func finding(askedAfter seconds: Double) -> Finding {
        let asked = Date(timeIntervalSince1970: 1_700_000_000 + seconds)
        return .ofClock(shown, askedAt: asked, answeredAt: asked + 2)
    }

    @Test(arguments: [-31, -2, 0, 0.9, 30] as [Double])
    func `a clock that is less than half a minute off agrees`(seconds: Double) {
        #expect(finding(askedAfter: seconds).status == .ok)
    }

    @Test(arguments: [
        (-32, "30 s behind the host's"), (31, "30 s ahead of the host's"),
        (180, "179 s ahead of the host's"),
    ])
    func `one that is less than three minutes off is a warning`(seconds: Int, text: String) {
        let finding = finding(askedAfter: Double(seconds))
        #expect(finding.status == .warn)
        #expect(finding.message == text)
    }

    @Test(arguments: [(-602, "600 s behind the host's:"), (601, "600 s ahead of the host's:")])
    func `one that is further off is a wrong setting`(seconds: Int, text: String) {
        let finding = finding(askedAfter: Double(seconds))
        #expect(finding.status == .fail)
        #expect(finding.exit == .configuration)
        #expect(finding.message.hasPrefix(text))
        #expect(finding.remedy?.hasSuffix("timedatectl set-ntp true") == true)
    }

    @Test func `a host that shows no time is a warning`() {
        #expect(Finding.ofClock(nil, askedAt: .now, answeredAt: .now).status == .warn)
    }
}
