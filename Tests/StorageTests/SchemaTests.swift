import Conversion
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct SchemaTests {
    @Test(arguments: [
        ("UPDATE policies SET allow_duplicates = 1", "1 allow"),
        ("UPDATE policies SET on_duplicates = 'allow'", "1 allow"),
        (
            "UPDATE policies SET allow_duplicates = 1; UPDATE policies SET allow_duplicates = 0",
            "0 fail"
        ),
        (
            "UPDATE policies SET allow_duplicates = 1; UPDATE policies SET on_duplicates = 'join'",
            "0 join"
        ),
        (
            "UPDATE policies SET on_duplicates = 'join'; UPDATE policies SET max_attempts = 3",
            "0 join"
        ),
        ("REPLACE INTO policies (name, allow_duplicates) VALUES ('a', 1)", "1 allow"),
        ("REPLACE INTO policies (name, on_duplicates) VALUES ('a', 'allow')", "1 allow"),
        (
            "REPLACE INTO policies (name, allow_duplicates, on_duplicates) VALUES ('a', 1, 'join')",
            "0 join"
        ),
    ])
    func `both columns say what becomes of duplicates, and the last word counts`(
        sql: String, columns: String
    ) async throws {
        try await withQueue { queue in
            try queue.run(sql: "INSERT INTO policies (name) VALUES ('a');" + sql)
            let both =
                "SELECT allow_duplicates || ' ' || on_duplicates FROM policies WHERE name = 'a'"
            #expect(try queue.database.read { try String.fetchOne($0, sql: both) } == columns)
        }
    }

    /// What an INSERT by hand is told, or nil when it is taken.
    private func refusal(_ queue: JobQueue, _ columns: String, _ values: String) -> String? {
        do {
            try queue.database.write {
                try $0.execute(sql: "INSERT INTO jobs (\(columns)) VALUES (\(values))")
            }
            return nil
        } catch let error as DatabaseError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test func `takes the least insert`() async throws {
        try await withQueue { queue in
            let values = "'00QWs000001AbcDMAS', 'Closed - Converted'"
            #expect(refusal(queue, "lead_id, converted_status", values) == nil)
            let job = try #require(queue.jobs().first)
            #expect(job.text("state") == "queued")
            #expect(job.number("attempts") == 0)
            #expect(Timestamp(job.text("run_at") ?? "") != nil)
        }
    }

    @Test func `completes the short id and knows the lead by either`() async throws {
        try await withQueue { queue in
            let columns = "lead_id, converted_status"
            #expect(refusal(queue, columns, "'00QD000000FP14J', 'x'") == nil)
            let jobs = try queue.jobs()
            #expect(jobs.first?.text("lead_id") == "00QD000000FP14JMAT")
            let second = refusal(queue, columns, "'00QD000000FP14JMAT', 'x'")
            #expect(second?.contains("jobs_one_unsettled_job_for_a_lead") == true)
        }
    }

    @Test(arguments: [
        ("lead_id", "'001D000000HRzTR'", "lead_id_must_be_the_id_of_a_lead_00Q"),
        ("lead_id", "'00QD000000FP14'", "lead_id_must_have_15_or_18_letters_and_digits"),
        ("lead_id", "'00QD000000FP1-J'", "lead_id_must_have_15_or_18_letters_and_digits"),
        (
            "lead_id", "'00QD000000FP14JMAX'",
            "lead_id_must_end_in_the_suffix_of_its_first_15_characters"
        ),
        ("converted_status", "'  '", "converted_status_must_not_be_empty"),
        ("converted_status", "'x' || char(0)", "converted_status_must_hold_no_nul"),
        ("opportunity_name", "'x' || char(0) || 'y'", "opportunity_name_must_hold_no_nul"),
        ("note_body", "'x' || char(0) || 'y'", "note_body_must_hold_no_nul"),
        ("task_subject", "'x' || char(0) || 'y'", "task_subject_must_hold_no_nul"),
        ("extra", "'{\"suppressFeed\": true}'", "extra_must_give_inputs_by_names_of_their_own"),
        ("after_set", "'{}' || char(0) || 'y'", "after_set_must_hold_no_nul"),
        ("extra", "'{}' || char(0) || 'y'", "extra_must_hold_no_nul"),
        ("note_title", "printf('%256c', 'x')", "note_title_must_have_255_characters_at_most"),
        ("note_body", "printf('%100001c', 'x')", "note_body_must_have_100000_characters_at_most"),
        ("task_subject", "printf('%1001c', 'x')", "task_subject_must_have_1000_characters_at_most"),
        (
            "after_set", "json_object('Account', json_object('A', printf('%100000c', 'x')))",
            "after_set_must_have_100000_characters_at_most"
        ),
        (
            "extra", "json_object('a', printf('%20000c', 'x'))",
            "extra_must_have_20000_characters_at_most"
        ),
        (
            "converted_status", "printf('%256c', 'x')",
            "converted_status_must_have_255_characters_at_most"
        ),
        (
            "opportunity_name", "printf('%1001c', 'x')",
            "opportunity_name_must_have_1000_characters_at_most"
        ),
        ("attempts", "9223372036854775807", "attempts_must_be_0_to_1000000"),
        (
            "position", "9223372036854775807",
            "position_must_be_within_a_million_times_a_billion"
        ),
        ("contact_id", "'0034C00000UQ6jI'", "contact_id_needs_its_account_id"),
        ("account_id", "'0034C00000UQ6jI'", "account_id_must_be_the_id_of_an_account_001"),
        ("owner_id", "'00G4C00000UQ6jI'", "owner_id_must_be_the_id_of_a_user_005"),
        ("run_at", "'2026-11-22 07:31'", "run_at_must_be_utc_like_2026_11_22T07_31_48_123Z"),
        ("state", "'done'", "state_must_be_one_of_the_eight"),
        ("match_email", "''", "match_email_must_not_be_empty"),
        ("match_account", "1", "match_account_needs_its_group_key"),
        (
            "related_person_account_id", "'0034C00000UQ6jI'",
            "related_person_account_id_must_be_the_id_of_an_account_001"
        ),
        ("match_email", "'ada'", "match_email_must_be_an_address_like_ada_at_example_org"),
        ("match_email", "'a da@b'", "match_email_must_be_an_address_like_ada_at_example_org"),
        (
            "account_id, contact_id, match_email",
            "'001D000000HRzTR', '0034C00000UQ6jI', 'ada@example.org'",
            "match_email_and_contact_id_exclude_each_other"
        ),
        ("policy", "'nosuch'", "policy_must_be_in_policies"),
        ("batch_id", "7", "batch_id_must_be_in_batches"),
        ("state", "'converted'", "finished_at_must_be_there_once_settled"),
        ("state", "'sending'", "sending_must_have_its_call"),
    ])
    func `refuses a bad row by naming its rule`(_ column: String, _ value: String, _ rule: String)
        async throws
    {
        try await withQueue { queue in
            var row = ["lead_id": "'00QD000000FP14J'", "converted_status": "'x'"]
            row[column] = value
            let sorted = row.sorted { $0.key < $1.key }
            let told = refusal(
                queue, sorted.map(\.key).joined(separator: ","),
                sorted.map(\.value).joined(separator: ","))
            #expect(told?.contains(rule) == true, "\(told ?? "taken")")
        }
    }

    @Test func `refuses fields that exclude each other`() async throws {
        try await withQueue { queue in
            let columns = "lead_id, converted_status, opportunity_id"
            let values = "'00QD000000FP14J', 'x', '0062z000001uX5c'"
            #expect(
                refusal(queue, columns + ", opportunity_name", values + ", 'Big order'")?
                    .contains("opportunity_id_and_opportunity_name_exclude_each_other") == true)
            #expect(
                refusal(queue, columns + ", do_not_create_opportunity", values + ", 1")?
                    .contains("opportunity_id_and_do_not_create_opportunity_exclude_each_other")
                    == true)
            #expect(
                refusal(
                    queue, "lead_id, converted_status, opportunity_name, do_not_create_opportunity",
                    "'00QD000000FP14J', 'x', 'Big order', 1") == nil)
        }
    }

    @Test func `holds a job that joins a paused batch and counts it`() async throws {
        try await withQueue { queue in
            try await queue.database.write {
                try $0.execute(sql: "INSERT INTO batches (name, paused) VALUES ('b', 1)")
            }
            #expect(
                refusal(queue, "lead_id, converted_status, batch_id", "'00QD000000FP14J','x',1")
                    == nil)
            let jobs = try queue.jobs()
            #expect(jobs.first?.text("state") == "held")
            let total = try await queue.database.read {
                try Int.fetchOne($0, sql: "SELECT total FROM batches")
            }
            #expect(total == 1)
        }
    }

    @Test func `syncs fully on the open connection`() async throws {
        for role in [JobQueue.Role.daemon, .client] {
            try await withQueue(as: role) { queue in
                let pragmas = try await queue.database.writeWithoutTransaction { database in
                    (
                        try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                        try String.fetchOne(database, sql: "PRAGMA journal_mode")
                    )
                }
                #expect(pragmas.0 == 2)
                #expect(pragmas.1 == "wal")
            }
        }
    }

    @Test func `registers every file of the folder`() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().appendingPathComponent("../../migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files) == Set(Schema.migrations.map { $0.name + ".sql" }))
    }

    @Test func `refuses a file that is not ours`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("other.db").path
            try await DatabaseQueue(path: path).write {
                try $0.execute(sql: "CREATE TABLE customers (id INTEGER)")
            }
            let error = #expect(throws: OperatorError.self) {
                try JobQueue(path: path, as: .client)
            }
            #expect(error?.status == .configuration)
            try "no database at all, but long enough to be looked at".write(
                toFile: path, atomically: true, encoding: .utf8)
            let second = #expect(throws: OperatorError.self) {
                try JobQueue(path: path, as: .client)
            }
            #expect(second?.status == .configuration)
        }
    }

    @Test func `refuses a newer schema`() async throws {
        try await withQueue { queue in
            try await queue.database.write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999_future')")
            }
            let error = #expect(throws: OperatorError.self) {
                try JobQueue(path: queue.path, as: .client)
            }
            #expect(error?.status == .configuration)
            #expect(error?.sentence.contains("newer version") == true)
        }
    }

    @Test func `keeps others out of the file`() async throws {
        try await withQueue { queue in
            let rights = try FileManager.default.attributesOfItem(atPath: queue.path)
            let mode = try #require(rights[.posixPermissions] as? NSNumber)
            #expect(mode.intValue & 0o007 == 0)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"), arguments: [(4321, 4322), (0, 4322)])
    func `what root makes is the folder's owner's and group's`(owner: uid_t, group: gid_t)
        async throws
    {
        try await withTemporaryFolder { url in
            #expect(chown(url.path, owner, group) == 0 && chmod(url.path, 0o770) == 0)
            let path = url.appendingPathComponent("queue.db").path
            let lock = try DaemonLock(queue: path, at: Moment.ms(0).wall)
            let queue = try JobQueue(path: path, as: .daemon, lock: lock)
            try queue.add(1...1)
            for end in ["", "-wal", "-shm", ".lock"] {
                var file = stat()
                #expect(stat(path + end, &file) == 0)
                #expect([file.st_uid, file.st_gid] == [owner, group], "\(end)")
                #expect(file.st_mode & 0o060 == 0o060, "\(end)")
            }
        }
    }

    @Test(arguments: [(0o2770, 0o660), (0o755, 0o640), (0o700, 0o600)])
    func `lets the group do with the file what it may do with the folder`(folder: Int, file: Int)
        async throws
    {
        try await withTemporaryFolder { url in
            let manager = FileManager.default
            try manager.setAttributes([.posixPermissions: folder], ofItemAtPath: url.path)
            let path = url.appendingPathComponent("queue.db").path
            let queue = try JobQueue(path: path, as: .client)
            try queue.add(1...1)
            for name in [path, path + "-wal", path + "-shm"] {
                let mode =
                    try manager.attributesOfItem(atPath: name)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == file, "\(name)")
            }
        }
    }
}
