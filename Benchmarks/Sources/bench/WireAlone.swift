import Conversion
import Salesforce

/// Calls one after another, four at a time, without a queue before or behind them.
struct WireAlone {
    let url: String
    let leads: Int

    func run() async throws {
        let transport = try SalesforceTransport(.instant(url))
        _ = await transport.send(.logIn)
        let call = try (0..<min(100, leads)).map(LeadConversion.numbered)
        let calls = (leads + call.count - 1) / call.count
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    for _ in stride(from: lane, to: calls, by: 4) {
                        _ = await transport.send(.convert(call, allowDuplicates: false))
                    }
                }
            }
        }
        await transport.shutdown()
    }
}
