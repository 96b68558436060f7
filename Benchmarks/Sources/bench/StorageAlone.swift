import Conversion
import Drain
import Storage

/// Claims and settles, call after call, as the drain does when every lead is converted.
struct StorageAlone {
    let path: String

    func run() throws {
        let queue = try JobQueue(path: path, as: .daemon)
        while let call = try queue.claim(
            upTo: 100, CallStart(at: SystemClock.now(), limiter: limiter), choosing: { $0 })
        {
            let now = SystemClock.now()
            let end = CallEnd(
                callID: call.id, startedAt: now, at: now, httpStatus: 200, limiter: limiter,
                usage: OrgUsage(current: 1, limit: 1_000_000))
            let settled = try queue.settle(end, call.jobs.map { converted($0, in: call.id) })
            guard settled == call.jobs.count else {
                throw Unfinished(description: "\(settled) of \(call.jobs.count) were settled.")
            }
        }
    }

    private var limiter: LimiterState {
        LimiterState(tokens: 1e6, capacity: 1e6, rate: 1e6, at: SystemClock.now())
    }

    private func converted(_ job: ClaimedJob, in callID: Int64) -> Settlement {
        var settlement = Settlement(job, in: callID, .converted, to: .converted)
        settlement.attempts += 1
        settlement.records = ConvertedRecords(
            accountID: "001Ws000000AbCdIAK", contactID: "003Ws000000AbCdIAK",
            opportunityID: "006Ws000000AbCdIAK")
        return settlement
    }
}
