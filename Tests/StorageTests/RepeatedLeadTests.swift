import Conversion
import TestSupport
import Testing

@testable import Storage

@Suite struct RepeatedLeadTests {
    @Test(arguments: [2, 51, 400])
    func `a lead that an input names twice is added once, and both rows are told`(
        distance: Int
    ) async throws {
        try await withQueue { queue in
            let input = Array(1...distance) + [1, distance + 1, 1]
            let summary = try enqueue(input, into: queue)
            #expect(summary.added == distance + 1)
            #expect(summary.skipped == 0)
            #expect(
                summary.repeated == [
                    RepeatedRow(place: distance + 1, first: 1),
                    RepeatedRow(place: distance + 3, first: 1),
                ])
        }
    }

    @Test func `a lead that is in the queue already is skipped once, and repeated then`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(20...90)
            let summary = try enqueue(Array(1...100) + [30, 5, 30], into: queue)
            #expect(summary.added == 29)
            #expect(summary.skipped == 71)
            #expect(
                summary.repeated == [
                    RepeatedRow(place: 101, first: 30), RepeatedRow(place: 102, first: 5),
                    RepeatedRow(place: 103, first: 30),
                ])
        }
    }

    @Test func `a lead whose job is settled is added once`() async throws {
        try await withQueue { queue in
            try queue.add(1...60)
            try queue.run(sql: "UPDATE jobs SET state = 'failed', finished_at = run_at")
            let summary = try enqueue(Array(1...60) + [7], into: queue)
            #expect(summary.added == 60)
            #expect(summary.skipped == 0)
            #expect(summary.repeated == [RepeatedRow(place: 61, first: 7)])
            #expect(try queue.jobs().count == 120)
        }
    }

    @Test func `one input may repeat what another has named`() async throws {
        try await withQueue { queue in
            _ = try enqueue([1, 2], into: queue)
            let summary = try enqueue([2, 3], into: queue)
            #expect(summary.repeated.isEmpty)
            #expect(summary.skipped == 1)
        }
    }

    @Test func `a row without a place may name a lead again`() async throws {
        try await withQueue { queue in
            try queue.enqueue(.init(), at: Moment.ms(0).wall) { enqueuing in
                for number in [1, 2, 1] { try enqueuing.append(.lead(number)) }
                try enqueuing.flush()
                #expect(enqueuing.added == 2)
                #expect(enqueuing.skipped == 1)
                #expect(enqueuing.repeated.isEmpty)
            }
        }
    }

    @Test func `leads that differ in case alone are two`() async throws {
        try await withQueue { queue in
            try queue.enqueue(.init(), at: Moment.ms(0).wall) { enqueuing in
                for (place, id) in ["00QWs000001AbcD", "00QWs000001AbCD"].enumerated() {
                    let lead = try RecordID(id, of: .lead)
                    try enqueuing.append(
                        LeadConversion(leadID: lead, convertedStatus: "A"), at: place)
                }
                try enqueuing.flush()
                #expect(enqueuing.added == 2)
            }
        }
    }

    @Test func `places that do not follow each other are known, however many`() throws {
        let places = InputPlaces()
        let jobs = (0..<20_000).map { Int64($0 * 7_919 % 20_011 + 1) }
        for (index, job) in jobs.enumerated() {
            #expect(try places.place(of: job) == nil)
            try places.record(job, at: index * 3)
        }
        for (index, job) in jobs.enumerated() {
            #expect(try places.place(of: job) == index * 3)
        }
        #expect(try places.place(of: 1_000_000_000_000_000) == nil)
    }

    @Test func `of jobs in the order of their rows none but the first place is kept`() throws {
        let places = InputPlaces()
        for job in 1...100_000 { try places.record(Int64(job), at: job + 1) }
        #expect(places.runs == 1)
        #expect(try places.place(of: 50_000) == 50_001)
    }

    private func enqueue(
        _ leads: [Int], into queue: JobQueue
    ) throws -> (added: Int, skipped: Int, repeated: [RepeatedRow]) {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { enqueuing in
            for (index, number) in leads.enumerated() {
                try enqueuing.append(.lead(number), at: index + 1)
            }
            try enqueuing.flush()
            return (enqueuing.added, enqueuing.skipped, enqueuing.repeated)
        }
    }
}
