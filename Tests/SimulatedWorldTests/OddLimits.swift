import Conversion
import NIOCore
import TestSupport

@testable import Drain
@testable import Salesforce

/// What reads the org's limits fails for a while, or tells numbers that are none, and the daemon's pace
/// goes by them.
struct OddLimits {
    enum Answer {
        case lost(Failure)
        case status(Int, String)
    }

    var time: Range<Int64>
    /// What comes of a request in that time, one or another.
    var answers: [Answer]
    /// Requests that the org really allows in a day.
    var limit: Int
    /// Whether every other answer carries the org's count, too.
    var isToldByOthers: Bool

    /// In one world of ten.
    static func draw(seed: UInt64) -> OddLimits? {
        var chance = SeededGenerator(seed: seed &+ 0x6c69_6d69_7473_2121)
        return chance.happens(0.1) ? OddLimits(using: &chance) : nil
    }

    init(using chance: inout SeededGenerator) {
        let start = Int64.random(in: 0...60_000, using: &chance)
        time = start..<start + Int64.random(in: 1...180, using: &chance) * 60_000
        answers = (0..<Int.random(in: 1...3, using: &chance)).map { _ in
            Self.all.randomElement(using: &chance) ?? Self.all[0]
        }
        limit = Int.random(in: 1000...50_000, using: &chance)
        isToldByOthers = chance.happens(0.5)
    }

    private static let all: [Answer] =
        [
            .lost(.unclear(Reason("TIMEOUT", "no answer"))),
            .lost(.refused(.outage, Reason("UNREACHABLE", "connection refused"))),
            .status(500, "<html>Internal Server Error</html>"), .status(503, ""),
            .status(404, "<html>not here</html>"), .status(200, "<html>welcome</html>"),
            .status(
                403, #"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit"}]"#),
            .status(500, #"[{"errorCode":"UNKNOWN_EXCEPTION","message":"no"}]"#),
            .status(200, "{}"), .status(200, ""), .status(200, "[1]"),
        ]
        + [
            (0, 0), (0, 5), (-1, -1), (1000, -5), (1000, 5000), (1, 0), (1000, 0),
            (Int.max, Int.max), (Int.max, Int.min), (1_000_000_000, 1), (2_000_000_000, 5),
        ].map { .status(200, Self.body(max: $0, remaining: $1)) }

    private static func body(max: Int, remaining: Int) -> String {
        #"{"DailyApiRequests":{"Max":\#(max),"Remaining":\#(remaining)}}"#
    }

    /// What a request for the limits comes to.
    func reply(at now: Int64, used: Int, using chance: inout SeededGenerator) -> Reply<Void> {
        let truth = Answer.status(200, Self.body(max: limit, remaining: limit - used))
        let answer = time.contains(now) ? answers.randomElement(using: &chance) ?? truth : truth
        return switch answer {
        case .lost(let failure): Reply(.init(failure))
        case .status(let status, let body):
            LimitsResponse.reply(
                from: APIResponse(status: status, body: ByteBuffer(string: body)))
        }
    }
}

extension World {
    static let dayMS: Int64 = 86_400_000

    /// Requests of the last 24 hours, as the org counts them.
    private var requestsOfTheDay: Int { starts.count { $0 > trueMS - Self.dayMS } }

    /// The org's count as other answers carry it.
    var usageToldByOthers: OrgUsage? {
        guard let limits = trouble.oddLimits else {
            return OrgUsage(current: starts.count, limit: 1_000_000)
        }
        guard limits.isToldByOthers else { return nil }
        return OrgUsage(current: requestsOfTheDay, limit: limits.limit)
    }

    func readLimits(_ call: SentCall) {
        guard let limits = trouble.oddLimits else {
            return answer(call, .limits(Reply(.value(()))), after: travel())
        }
        let reply = limits.reply(at: trueMS, used: requestsOfTheDay, using: &chance)
        answer(call, .limits(reply), after: travel())
    }

    /// The daemon has written down an answer that carries the org's allowance, or what is said to be it.
    func learnAllowance(of usage: OrgUsage?) {
        guard let limits = trouble.oddLimits, let usage else { return }
        if usage.limit == limits.limit {
            allowanceKnownAt = allowanceKnownAt ?? trueMS
        } else {
            allowanceKnownAt = nil
        }
    }

    /// No day holds more calls than our share, once the org's allowance is known. What reads the limits is
    /// not among them: without it nothing would say that a count is wrong.
    func allowanceIsKept(_ call: InFlightCall) throws {
        guard let limits = trouble.oddLimits, call.paced.tier > .limits else { return }
        paid.append(trueMS)
        // An older copy has forgotten calls, and a machine whose clock was set may have.
        guard let allowanceKnownAt, !isRestored, !isRebooted else { return }
        let ofTheDay = paid.filter { $0 > trueMS - Self.dayMS }
        let before = ofTheDay.count { $0 <= allowanceKnownAt }
        let most = max(engine.options.allowance.callsADay(limit: limits.limit) ?? 0, before)
        guard ofTheDay.count <= most else {
            throw Broken("\(ofTheDay.count) calls in a day, allowed were \(most)")
        }
    }
}
