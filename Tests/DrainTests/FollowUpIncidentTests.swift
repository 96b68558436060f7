import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// What follows conversions while an org refuses all of it for a time.
@Suite struct FollowUpIncidentTests {
    private static let lock = RecordOutcome.transient(
        Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"))
    private static let thrown = RecordOutcome.permanent(
        Reason("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "AccountTrigger: execution of BeforeUpdate"))
    private static let hour: Int64 = 3_600_000

    @Test(arguments: [false, true])
    func `a storm of locks uses no attempts of what it keeps waiting`(withNotes: Bool) async throws
    {
        try await withQueue { queue in
            try add(1...600, to: queue, notes: withNotes)
            var drain = try VirtualDrain(queue)
            try run(&drain, Self.lock, during: 2 * Self.hour)
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.text("after_code") == nil })
            #expect(drain.sent.count < 100, "\(drain.sent.count)")
            let usedAttempts = try queue.log().count {
                $0.text("kind") == "set" && $0.text("outcome") == "retry"
            }
            #expect(usedAttempts == 0)
        }
    }

    @Test(arguments: [false, true])
    func `updates outlast a trigger that throws for all of them for ten minutes`(withNotes: Bool)
        async throws
    {
        try await withQueue { queue in
            try add(1...600, to: queue, notes: withNotes)
            var drain = try VirtualDrain(queue)
            try run(&drain, Self.thrown, during: Self.hour / 6)
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == nil })
            #expect(drain.sent.count < 100, "\(drain.sent.count)")
        }
    }

    @Test func `updates that run into a limit that they share go in smaller calls`() async throws {
        try await withQueue { queue in
            try add(1...100, to: queue, notes: false)
            var drain = try VirtualDrain(queue)
            let limit = Reason(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.LimitException: Too many: 101")
            try drain.run { request in
                guard case .update(let records) = request, records.count > 33 else {
                    return try answer(request)
                }
                return CallReply(
                    .written(
                        records.enumerated().map {
                            $0 < 33 ? .done(id: $1.recordID) : .limited(limit)
                        }))
            }
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.text("after_code") == nil })
            let updates = try queue.log().filter { $0.text("kind") == "set" }
            #expect(updates.count { $0.text("outcome") == "not_sent" } > 0)
            #expect(updates.allSatisfy { ["done", "not_sent"].contains($0.text("outcome")) })
        }
    }

    @Test(arguments: [false, true])
    func `a trigger that throws for half an hour is permanent`(withNotes: Bool) async throws {
        try await withQueue { queue in
            try add(1...2000, to: queue, notes: withNotes)
            var drain = try VirtualDrain(queue)
            try run(&drain, Self.thrown, during: 99 * Self.hour)
            let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == code })
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            let lasted = drain.now.since(.ms(0))
            #expect(lasted > Self.hour / 2 && lasted < 2 * Self.hour, "\(lasted)")
        }
    }

    @Test(arguments: ["SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"])
    func `updates that are all refused for ten minutes use no attempts while notes pass`(
        code: String
    ) async throws {
        try await withQueue { queue in
            try add(1...60, to: queue, notes: true)
            let reason = Reason(code, "not now")
            let outcome =
                code == "SERVER_UNAVAILABLE"
                ? RecordOutcome.blocked(.outage, reason) : .transient(reason)
            var drain = try VirtualDrain(queue) { $0.callSize = 5 }
            try run(&drain, outcome, during: Self.hour / 6)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == nil })
            #expect(drain.sent.count < 150, "\(drain.sent.count)")
        }
    }

    @Test func `one record that is always locked uses its attempts`() async throws {
        try await withQueue { queue in
            try add(1...600, to: queue, notes: true)
            var drain = try VirtualDrain(queue)
            let failing = try account(of: .lead(77))
            try drain.run { request in
                guard case .update(let updates) = request else { return try answer(request) }
                return CallReply(
                    .written(
                        updates.map {
                            $0.recordID == failing ? Self.lock : .done(id: $0.recordID)
                        }))
            }
            let failed = try queue.jobs().filter { $0.text("after_code") != nil }
            #expect(failed.map { $0.number("id") } == [77])
        }
    }

    // MARK: -

    private func add(_ leads: ClosedRange<Int>, to queue: JobQueue, notes: Bool) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            for number in leads {
                var lead = try LeadConversion.lead(number)
                lead.followUps = FollowUpRequest()
                lead.followUps?.afterSet = #"{"Account":{"Tier__c":"A"}}"#
                if notes { lead.followUps?.noteBody = "Summary" }
                try queue.add(lead)
            }
        }
    }

    /// Updates come to this for so long; all else is done.
    private func run(
        _ drain: inout VirtualDrain, _ outcome: RecordOutcome, during time: Int64
    ) throws {
        while drain.now.since(.ms(0)) < time {
            let before = drain.sent.count
            let ending = try drain.run(most: before + 1) { request in
                guard case .update(let updates) = request else { return try answer(request) }
                return CallReply(.written(updates.map { _ in outcome }))
            }
            if ending != nil { return }
            guard before < 500 else { return }
        }
        try drain.run(answer)
    }

    /// Each lead has records of its own.
    private func answer(_ request: CallRequest) throws -> CallReply {
        guard case .convert(let leads, _) = request else { return .allConverted(request) }
        return CallReply(
            .converted(
                try leads.map { lead in
                    let stem = lead.leadID.description.dropFirst(3).prefix(12)
                    return .converted(
                        ConvertedRecords(
                            accountID: try account(of: lead.leadID),
                            contactID: try RecordID("003\(stem)", of: .contact).description,
                            opportunityID: nil))
                }))
    }

    private func account(of lead: RecordID) throws -> String {
        let stem = lead.description.dropFirst(3).prefix(12)
        return try RecordID("001\(stem)", of: .account).description
    }
}
