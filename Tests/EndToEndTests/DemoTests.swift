import Foundation
import TestSupport
import Testing

@Suite struct DemoTests {
    @Test func `the demo converts its leads and sees all accounts agree`() async throws {
        try await withTemporaryFolder { folder in
            let end = try await Program.demo.run(
                environment: ["TMPDIR": folder.path], within: .seconds(400))
            #expect(end.code == 0)
            #expect(end.output.contains("jobs and run_log agree on all 500 leads."))
            #expect(end.output.hasPrefix("Starts a simulated Salesforce org with 500 leads"))
            #expect(end.output.hasSuffix("  swift run leadconvert setup\n"))
            #expect(end.errors == "")
        }
    }
}
