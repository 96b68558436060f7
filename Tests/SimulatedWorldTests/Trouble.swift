import Conversion
import Foundation
import TestSupport

/// What is wrong in a world besides chance: trouble that lasts, and leads for which every answer
/// is odd. Drawn from the world's seed by a generator of its own.
struct Trouble {
    /// Trouble of the whole org: for a while, every call of some kinds gets the same answer.
    struct Incident {
        var time: Range<Int64>
        /// A time in it in which people have paused the queue, if there is one.
        var pause: Range<Int64>?
        var answer: OddAnswer
        /// Whether questions and searches get it too.
        var reachesQuestions: Bool
        func isOn(at time: Int64) -> Bool {
            self.time.contains(time) && pause?.contains(time) != true
        }

        /// What every call gets, as a lead's error.
        var code: String? {
            switch answer {
            case .refusal(let code), .eachLead(let code), .eachGoodLead(let code): code
            case .bareFault(let code): "soapenv:\(code)"
            case .xmlError(let code): code
            case .page(502): "BAD_GATEWAY"
            case .page(403): "HTTP_403"
            case .page: nil
            }
        }
        /// Whether it refuses a lead for what is its own.
        func refusesForGood(_ lead: RecordID) -> Bool {
            if case .eachGoodLead = answer { OddAnswer.isUnfit(lead) } else { false }
        }

        /// Whether a conversion is carried out all the same, as far as the answer leaves it open.
        var commits: Bool
    }

    /// The next calls get an edge's page.
    struct Stray {
        var at: Int64
        var calls: Int
        var status: Int
    }

    var incident: Incident?
    var stray: Stray?
    /// The code that a second conversion is refused with.
    var secondCode = "CANNOT_UPDATE_CONVERTED_LEAD"
    /// Whether conversions go through an Apex action.
    var usesAction = false
    /// So many leads of a call are converted before the org's code runs into a limit that they share.
    var leadsAtOnce = Int.max
    /// The chance that a lead is odd always, or for some calls.
    var oddLeads = 0.0
    /// Every search for this address fails.
    var oddAddress: String?
    /// The chance that a call leaves some time after it was claimed.
    var lateDeparture = 0.0
    /// The chance that an edge turns away whatever carries a note, for its text.
    var barredNotes = 0.0
    /// How it does.
    var bar = OddAnswer.page(403)
    /// Trouble of all calls that write records, and of no other.
    var writing: Incident?
    /// A kind of reading that is refused.
    var refusedReads: RefusedReads?
    /// What is odd about the org's limits.
    var oddLimits: OddLimits?
    /// People who write to the file by themselves.
    var plainSQL: PlainSQL?
    /// A storm that refuses each record of some kinds.
    var storm: Storm?
    /// Hours in which people have paused the queue, with a bad minute before and one after.
    var longPause: LongPause?
    /// How long the daemon's operator has patience.
    var giveUpAfterMS: Int64?

    /// Codes that Salesforce gives to everybody, and one that nobody knows.
    static let codes = [
        "UNKNOWN_EXCEPTION", "INTERNAL_ERROR", "TOO_MANY_APEX_REQUESTS", "SERVER_UNAVAILABLE",
        "NEVER_SEEN_BEFORE",
    ]

    init(seed: UInt64) {
        var chance = SeededGenerator(seed: seed &+ 0x7472_6F75_626C_6521)
        if chance.happens(0.5) { incident = Self.incident(using: &chance) }
        if chance.happens(0.3) {
            stray = Stray(
                at: Int64.random(in: 0...30_000, using: &chance),
                calls: Int.random(in: 1...3, using: &chance),
                status: [404, 403, 421, 302, 200].randomElement(using: &chance) ?? 404)
        }
        secondCode =
            [secondCode, "INVALID_STATUS", "INVALID_CROSS_REFERENCE_KEY", "NEVER_SEEN_BEFORE"]
            .randomElement(using: &chance) ?? secondCode
        usesAction = chance.happens(0.3)
        if chance.happens(0.5) { oddLeads = Double.random(in: 0...0.4, using: &chance) }
        if chance.happens(0.2) { oddAddress = "person1@example.org" }
        if chance.happens(0.5) { lateDeparture = Double.random(in: 0...0.5, using: &chance) }
        if chance.happens(0.2) {
            giveUpAfterMS = Int64.random(in: 5000...120_000, using: &chance)
        }
        drawAnswersToAll(using: &chance)
        if chance.happens(0.15) { leadsAtOnce = Int.random(in: 1...4, using: &chance) }
        refusedReads = RefusedReads.draw(seed: seed)
        oddLimits = OddLimits.draw(seed: seed)
        storm = Storm.draw(seed: seed)
        plainSQL = PlainSQL.draw(seed: seed)
        longPause = LongPause.draw(seed: seed)
        longPause?.layTrouble(on: &self)
    }

    /// What an edge, or an org, says to all that is in a call for the sake of some.
    private mutating func drawAnswersToAll(using chance: inout SeededGenerator) {
        if case .eachLead(let code) = incident?.answer, chance.happens(0.7) {
            incident?.answer = .eachGoodLead(code)
        }
        let bars: [OddAnswer] = [.page(403), .page(503), .refusal("FUNCTIONALITY_NOT_ENABLED")]
        if chance.happens(0.2) {
            barredNotes = Double.random(in: 0...0.4, using: &chance)
            bar = bars.randomElement(using: &chance) ?? bar
        }
        guard chance.happens(0.2) else { return drawHours(using: &chance) }
        let start = Int64.random(in: 0...30_000, using: &chance)
        writing = Incident(
            time: start..<start + Int64.random(in: 1...20, using: &chance) * 60_000,
            answer: bars.randomElement(using: &chance) ?? bar, reachesQuestions: false,
            commits: false)
        drawHours(using: &chance)
    }

    /// Some trouble lasts for hours. Of what an edge says for so long, nobody knows whom it means; what
    /// Salesforce says of itself is nobody's fault, however long.
    private mutating func drawHours(using chance: inout SeededGenerator) {
        guard chance.happens(0.2) else { return }
        let (start, hours) = (Int64(0), Int64.random(in: 1...5, using: &chance))
        let time = start..<start + hours * 3_600_000
        let answer = OddAnswer.refusal("SERVER_UNAVAILABLE")
        if chance.happens(0.5) {
            writing = Incident(time: time, answer: answer, reachesQuestions: false, commits: false)
        } else {
            incident = Incident(
                time: time, answer: .eachLead("SERVER_UNAVAILABLE"), reachesQuestions: false,
                commits: false)
        }
    }

    private static func incident(using chance: inout SeededGenerator) -> Incident {
        let start = Int64.random(in: 0...30_000, using: &chance)
        let minutes = chance.happens(0.5) ? 30 : Int64.random(in: 1...5, using: &chance)
        let code = codes.randomElement(using: &chance) ?? codes[0]
        let answers: [OddAnswer] = [
            .refusal(code), .refusal(code), .eachLead(code), .page(403),
            .refusal("REQUEST_LIMIT_EXCEEDED"),
            .refusal("QUERY_TIMEOUT"), .bareFault("Server.userException"), .page(502), .page(503),
        ]
        return Incident(
            time: start..<start + minutes * 60_000,
            answer: answers.randomElement(using: &chance) ?? answers[0],
            reachesQuestions: chance.happens(0.3), commits: chance.happens(0.5))
    }
}
