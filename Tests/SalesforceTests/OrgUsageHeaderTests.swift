import Conversion
import NIOHTTP1
import Testing

@testable import Salesforce

@Suite struct OrgUsageHeaderTests {
    @Test(arguments: [
        ("api-usage=10018/100000", 10_018, 100_000),
        ("api-usage=10018/100000; api-bursts=1/750", 10_018, 100_000),
        ("api-bursts=1/750;api-usage = 7 / 15000 ", 7, 15_000),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)", 25, 5000),
        ("api-usage=101/100(over)", 101, 100),
    ])
    func `reads every form of the header`(value: String, current: Int, limit: Int) {
        let usage = OrgUsage(header: ["sforce-limit-info": value])
        #expect(usage == OrgUsage(current: current, limit: limit))
    }

    @Test(arguments: [
        "", "api-usage", "api-usage=", "api-usage=1", "api-usage=a/b", "other=1/2",
        "api-usage=1/0", "api-usage=-1/10", "api-usage=1/-10", "api-usage=1/9223372036854775807",
        "api-usage=9223372036854775807/10", "api-usage=1/99999999999999999999",
    ])
    func `reads nothing from another form`(value: String) {
        #expect(OrgUsage(header: ["Sforce-Limit-Info": value]) == nil)
    }
}
