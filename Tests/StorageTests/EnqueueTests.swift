import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Enqueueing does without the triggers, whose work it does itself: the rows are the same.
@Suite struct EnqueueTests {
    @Test(
        arguments: [false, true], [(nil, false), (nil, true), ("2999-01-01T00:00:00.000Z", true)])
    func `leads are the same as those that another program inserts`(
        isPaused: Bool, how: (runAt: String?, together: Bool)
    ) async throws {
        let runAt = how.runAt
        let enqueued = try await withQueue { queue in
            try prepare(queue, isPaused)
            var options = EnqueueOptions()
            (options.batch, options.policy, options.priority) = ("friday", "calm", 3)
            options.runAt = runAt.flatMap { Timestamp($0) }
            try queue.enqueue(options, at: Timestamp(milliseconds: 0)) { enqueuing in
                for lead in try leads() {
                    if how.together { try enqueuing.append(lead) } else { try enqueuing.add(lead) }
                }
            }
            return try rows(of: queue)
        }
        let inserted = try await withQueue { queue in
            try prepare(queue, isPaused)
            let time = runAt ?? Timestamp(milliseconds: 0).description
            for (index, lead) in try leads().enumerated() {
                try queue.database.write { database in
                    try database.execute(
                        sql: """
                            INSERT OR IGNORE INTO jobs (lead_id, converted_status, batch_id,
                                position, policy, priority, run_at, opportunity_name, owner_id,
                                account_id, contact_id, group_key, match_email)
                            VALUES (?, ?, 1, ?, 'calm', 3, ?, ?, ?, ?, ?, ?, ?)
                            """,
                        arguments: [
                            lead.leadID.description, lead.convertedStatus, index + 2, time,
                            lead.opportunityName, lead.ownerID?.description,
                            lead.accountID?.description, lead.contactID?.description,
                            lead.groupKey, lead.matchEmail,
                        ])
                }
            }
            return try rows(of: queue)
        }
        #expect(enqueued == inserted)
        #expect(enqueued.count > 100)
    }

    @Test func `triggers are on again, whether or not the leads were added`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            #expect(throws: RolledBack.self) {
                try queue.enqueue(EnqueueOptions(), at: .now) { _ in throw RolledBack() }
            }
            #expect(throws: (any Error).self) {
                try queue.run(
                    sql: """
                        INSERT INTO jobs (lead_id, converted_status, policy)
                        VALUES ('00QD000000FP14J', 'x', 'nosuch')
                        """)
            }
        }
    }

    @Test func `leads behind the last place that there is keep their order`() async throws {
        try await withQueue { queue in
            try queue.run(
                sql: """
                    INSERT INTO batches (name) VALUES ('friday');
                    INSERT INTO jobs (lead_id, converted_status, batch_id, position)
                    VALUES ('00QD000000FP14J', 'x', 1, 1000000000000000);
                    """)
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add([3, 1, 2], options)
            let sql = "SELECT lead_id FROM jobs WHERE batch_id = 1 ORDER BY position, id"
            let leads = try queue.read { try String.fetchAll($0, sql: sql) }
            let added = try [3, 1, 2].map { try RecordID.lead($0).description }
            #expect(leads.dropFirst().elementsEqual(added))
        }
    }

    private struct RolledBack: Error {}

    /// A batch that has finished once, and a group that has its account.
    private func prepare(_ queue: JobQueue, _ isPaused: Bool) throws {
        try queue.run(
            sql: """
                INSERT INTO policies (name) VALUES ('calm');
                INSERT INTO batches (name, finished_at, total)
                VALUES ('friday', '2026-01-01T00:00:00.000Z', 0);
                INSERT INTO jobs (lead_id, converted_status, batch_id, position, state, finished_at,
                    group_key, result_account_id, run_at)
                VALUES ('00QD000000FP14J', 'x', 1, 1, 'converted', '2026-01-01T00:00:00.000Z',
                    'Acme', '001D000000HRzTR', '2026-01-01T00:00:00.000Z');
                UPDATE batches SET paused = \(isPaused ? 1 : 0);
                """)
    }

    private func leads() throws -> [LeadConversion] {
        func lead(
            _ number: Int, _ change: (inout LeadConversion) throws -> Void = { _ in }
        ) throws -> LeadConversion {
            var lead = LeadConversion(leadID: try .lead(number), convertedStatus: "Qualified")
            try change(&lead)
            return lead
        }
        let account = try RecordID("0014C00000UQ6jI", of: .account)
        return try [
            lead(1), lead(1), lead(2) { $0.groupKey = "ACME" }, lead(3) { $0.groupKey = "Börse" },
            lead(4) { ($0.groupKey, $0.accountID) = ("acme", account) },
            lead(5) { $0.matchEmail = "ada@example.org" },
            lead(6) {
                $0.accountID = account
                $0.contactID = try RecordID("0034C00000UQ6jI", of: .contact)
            },
            lead(7) {
                $0.opportunityName = "Größe, \"neu\""
                $0.ownerID = try RecordID("0054C00000UQ6jI", of: .user)
            },
        ]
            + (1...120).map { number in
                try lead(number) { $0.groupKey = number % 7 == 0 ? "Acme" : nil }
            }
    }

    /// All that there is of batches and jobs, but for when it was written.
    private func rows(of queue: JobQueue) throws -> [[String: DatabaseValue]] {
        try queue.database.read { database in
            let rows =
                try Row.fetchAll(database, sql: "SELECT * FROM batches")
                + Row.fetchAll(database, sql: "SELECT * FROM jobs ORDER BY id")
            return rows.map { row in
                Dictionary(uniqueKeysWithValues: row.map { ($0, $1) })
                    .filter { !["created_at", "updated_at"].contains($0.key) }
            }
        }
    }
}
