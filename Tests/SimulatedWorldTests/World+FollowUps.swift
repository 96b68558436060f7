import Conversion
import GRDB

@testable import Drain
@testable import Storage

/// What follows conversions, in the simulated org.
struct SimulatedFollowUps {
    /// A note, a task or an update that was committed.
    struct Written: Hashable {
        var kind: FollowUpKind
        /// The record that it is on, or that was set.
        var recordID: String
        /// The mark, or the fields.
        var text: String
    }

    struct Running {
        var startedAt: Int64
        var content: [ClaimedFollowUp.Content]
        /// Accounts of the leads of an update.
        var accounts: Set<String> = []
    }

    var written: [Written: Int] = [:]
    var running: [Int64: Running] = [:]
    /// What was running when an older copy took the place of the file: whoever restores one is told to
    /// wait until those calls are over.
    var unforeseen: Set<Written> = []
    var commits = 0
    /// Refused for good, by mark or fields.
    var refused: Set<String> = []

    mutating func commit(_ content: ClaimedFollowUp.Content) {
        written[Written(content), default: 0] += 1
        commits += 1
    }

    /// Whether a running call sets this record.
    func isBeingSet(_ recordID: String) -> Bool {
        running.values.contains { $0.content.contains { $0.setRecordID == recordID } }
    }
}

extension SimulatedFollowUps.Written {
    init(_ content: ClaimedFollowUp.Content) {
        switch content {
        case .set(let update):
            self.init(kind: .set, recordID: update.recordID, text: update.fields)
        case .create(let record):
            self.init(kind: record.kind, recordID: record.parentID, text: record.mark.code)
        }
    }
}

extension ClaimedFollowUp.Content {
    var setRecordID: String? {
        if case .set(let update) = self { update.recordID } else { nil }
    }
}

extension World {
    func followUp(_ call: SentCall, _ followUps: ClaimedFollowUps) throws {
        counts.calls += 1
        let number = Int64(counts.calls)
        if let refusal = refusal() {
            return answer(
                call, .followUps(followUps, Reply(.init(refusal))), after: travel())
        }
        if let odd = oddAnswer(toWriting: followUps) {
            let reply = Reply(
                odd.outcome(forWriting: followUps.followUps.map { $0.update?.recordID }))
            return answer(call, .followUps(followUps, reply), after: travel())
        }
        if meets(profile.lostBefore) {
            return answer(
                call, .followUps(followUps, Reply(.init(unclear()))), after: travel())
        }
        let content = followUps.followUps.map(\.content)
        try leaves(followUps)
        org.followUps.running[number] = .init(startedAt: trueMS, content: content)
        let isLate = meets(profile.slow)
        let work =
            isLate
            ? Int64.random(in: 100..<World.lifetimeMS - 100, using: &chance) : travel()
        if isLate && meets(0.7) {
            answer(
                call, .followUps(followUps, Reply(.init(unclear()))),
                after: Int64.random(in: 1...work, using: &chance))
            return later(work) { world in _ = world.commit(number) }
        }
        later(work) { world in
            let outcomes = world.commit(number)
            if world.meets(world.profile.lostAfter) {
                return world.answer(
                    call, .followUps(followUps, Reply(.init(world.unclear()))),
                    after: world.travel())
            }
            world.answer(
                call, .followUps(followUps, Reply(.value(outcomes))), after: world.travel())
        }
    }

    func ask(_ call: SentCall, _ verification: ClaimedFollowUps) {
        if let refusal = refusal() {
            return answer(
                call, .followUpVerification(verification, Reply(.init(refusal))), after: travel())
        }
        if let odd = refusedRead(.followUpVerification) {
            let reply = Reply(odd.outcome(forMarksOf: verification.followUps.compactMap(\.record)))
            return answer(call, .followUpVerification(verification, reply), after: travel())
        }
        later(travel()) { world in
            if world.meets(world.profile.lostAfter) {
                return world.answer(
                    call, .followUpVerification(verification, Reply(.init(world.unclear()))),
                    after: world.travel())
            }
            let found = verification.followUps.map { followUp -> [String] in
                let written = SimulatedFollowUps.Written(followUp.content)
                let count = world.org.followUps.written[written] ?? 0
                return (0..<count).map { "\(written.text) \($0)" }
            }
            world.answer(
                call, .followUpVerification(verification, Reply(.value(found))),
                after: world.travel())
        }
    }

    /// Two calls that write one record must never overlap.
    private func leaves(_ call: ClaimedFollowUps) throws {
        for recordID in call.followUps.compactMap(\.content.setRecordID) {
            if org.followUps.isBeingSet(recordID), !isRestored {
                throw Broken("call \(call.id) sets \(recordID) while another call does")
            }
            let isConverted = org.running.values.contains { running in
                running.leads.contains { lead in
                    lead.accountID?.description == recordID
                        && org.leads[lead.leadID].map { !org.isConverted($0, at: trueMS) } == true
                }
            }
            if isConverted, !isRestored {
                throw Broken("call \(call.id) sets \(recordID) while a call converts into it")
            }
        }
    }

    private func commit(_ number: Int64) -> [RecordOutcome] {
        guard let call = org.followUps.running.removeValue(forKey: number) else {
            preconditionFailure("A call commits once.")
        }
        return call.content.map { content in
            let written = SimulatedFollowUps.Written(content)
            if org.followUps.refused.contains(written.text) {
                return .permanent(Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "not like this"))
            }
            if let outcome = stormOutcome(of: written.kind) { return outcome }
            if meets(profile.special / 4) {
                return .transient(Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"))
            }
            // Notes only: a set has no copy that could be told.
            if written.kind == .note && meets(profile.special / 20) {
                org.followUps.refused.insert(written.text)
                return .permanent(Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "not like this"))
            }
            org.followUps.commit(content)
            return .done(id: "\(written.text) 0")
        }
    }

    /// Some leads ask for more than their conversion.
    func followUps() -> FollowUpRequest? {
        guard chance.happens(trouble.storm == nil ? 0.4 : 0.9) else { return nil }
        var request = FollowUpRequest()
        if chance.happens(0.5) {
            request.afterSet = "{\"Account\":{\"Tier__c\":\"\(nextLead)\"}}"
        }
        if chance.happens(0.5) {
            let isBarred = trouble.barredNotes > 0 && chance.happens(trouble.barredNotes)
            request.noteBody = "\(isBarred ? Self.barred : "Note") \(nextLead)"
        }
        if chance.happens(0.3) {
            request.taskSubject = "Task \(nextLead)"
        }
        return request.isEmpty ? nil : request
    }
}

extension Invariants {
    /// No note or task is there twice, missing or on the wrong record.
    static func followUpsHold(_ world: World) throws {
        let org = world.org.followUps
        for (written, count) in org.written
        where written.kind != .set && count > 1 && !org.unforeseen.contains(written)
            && world.tampered.isEmpty
        {
            throw Broken("\(written) is there \(count) times")
        }
        let known = Set(org.written.keys)
        try world.queue.read { database in
            let sql = """
                SELECT jobs.lead_id, jobs.state, jobs.after_code, jobs.note_body,
                    jobs.task_subject, jobs.after_set, jobs.result_contact_id,
                    jobs.result_account_id,
                    (SELECT count(*) FROM follow_ups
                        WHERE job_id = jobs.id AND state NOT IN ('done', 'failed')) AS open
                FROM jobs
                WHERE coalesce(after_set, note_body, task_subject) IS NOT NULL
                    AND state = 'converted'
                """
            for row in try Row.fetchAll(database, sql: sql) {
                let id: String = row["lead_id"]
                let lead = try RecordID(id, of: .lead)
                guard !world.tampered.contains(lead) else { continue }
                guard row["open"] == 0 else { throw Broken("\(id) has an open follow-up") }
                let code: String? = row["after_code"]
                if code == "SERVER_UNAVAILABLE" || code == "UNREACHABLE" {
                    throw Broken("what follows \(id) failed for an outage")
                }
                if code == "FOLLOW_UP_IN_DOUBT", world.trouble.longPause != nil, !world.isRestored {
                    throw Broken("what follows \(id) was given up after a few bad minutes")
                }
                guard code == nil else { continue }
                let contact: String = row["result_contact_id"] ?? ""
                var expected: [SimulatedFollowUps.Written] = []
                if let body: String = row["note_body"] {
                    let mark = FollowUpMark(lead, .note, [nil, body, nil])
                    expected.append(.init(kind: .note, recordID: contact, text: mark.code))
                }
                if let subject: String = row["task_subject"] {
                    let mark = FollowUpMark(lead, .task, [subject, nil])
                    expected.append(.init(kind: .task, recordID: contact, text: mark.code))
                }
                if row["after_set"] as String? != nil {
                    let fields = (row["after_set"] as String).dropFirst("{\"Account\":".count)
                    expected.append(
                        .init(
                            kind: .set, recordID: row["result_account_id"],
                            text: String(fields.dropLast())))
                }
                for written in expected where !known.contains(written) {
                    throw Broken("\(id) lacks \(written)")
                }
            }
        }
    }
}
