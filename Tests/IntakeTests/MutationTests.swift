import Conversion
import TestSupport
import Testing

@testable import Intake

/// Input that was damaged at random is refused, never fatal.
@Suite struct MutationTests {
    private static let seeds = [
        "leadId,convertedStatus,opportunityName\r\n00QWs000001AbcDMAS,Done,\"a \"\"b\"\"\nc\"\n",
        "[{\"leadId\":\"00QWs000001AbcDMAS\",\"convertedStatus\":\"D\\u00e9\\n\",\"x\":[1.5e3]}]",
        "{\"leadId\":\"00QWs000001AbcDMAS\",\"convertedStatus\":\"D\",\"x\":{\"y\":null}}\n{}\n",
    ]

    @Test(arguments: seeds, [1, 7, 4096])
    func `survives damage`(text: String, piece: Int) throws {
        var mutator = Mutator(seed: UInt64(piece), spice: "\"\\,;[]{}:\r\n\u{0}u0é")
        let mapping = try Mapping("opportunityName={{x.y}} {{row.leadId}}")
        for _ in 0..<Mutator.cases(1000, sharedBy: 9) {
            let bytes = mutator.damage(Array(text.utf8))
            for mapping in [Mapping(), mapping] {
                do throws(OperatorError) {
                    let all = try rows(bytes, mapping: mapping, piece: piece)
                    #expect(all.allSatisfy { $0.line >= 1 })
                } catch {
                    #expect(error.status == .dataRefused)
                }
            }
        }
    }
}
