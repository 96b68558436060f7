/// What was decided about a call when it arrived.
struct Admission: Sendable {
    enum Verdict: Sendable {
        /// It is answered with this, and nothing is done.
        case answer(Reply)
        /// It is carried out, and this goes wrong with it.
        case perform(Operation, Fault?)
    }

    /// The call's number in the audit.
    var number: Int
    var verdict: Verdict
    /// What every lead of it fails with, because the org as a whole is in trouble.
    var incident: LeadFailure?
    /// Whether it counts as running until it is finished.
    var runs = false
    /// The account rows it holds while it runs.
    var rows: Set<Identifier> = []
    /// Rows that other calls held, by the place of the lead in the call.
    var lockedRows: [Int: Identifier] = [:]
}
