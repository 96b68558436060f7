import Conversion
import TestSupport
import Testing

@testable import Storage

@Suite struct RowNumbersTests {
    @Test func `numbers come out as they were put in, whether they follow each other or not`() {
        let all: [Int64] = [1, 2, 3, 7, 9, 8, 10, 11, 12, 5]
        for count in 1...11 {
            var numbers = RowNumbers()
            for number in all { numbers.append(number) }
            var taken: [Int64] = []
            while !numbers.isEmpty {
                #expect(numbers.first(count) == Array(all.dropFirst(taken.count).prefix(count)))
                taken += numbers.take(count)
            }
            #expect(taken == all)
            #expect(numbers.take(1).isEmpty)
        }
    }

    @Test func `what is appended once all are taken comes next`() {
        var numbers = RowNumbers()
        numbers.append(1)
        numbers.take(1)
        numbers.append(2)
        #expect(numbers.take(5) == [2])
    }

    @Test func `a million that follow each other are kept as one`() {
        var numbers = RowNumbers()
        for number in Int64(1)...1_000_000 { numbers.append(number) }
        #expect(numbers.runs.count == 1)
    }

    @Test func `the newest of the queued jobs are listed, wherever they wait`() async throws {
        try await withQueue { queue in
            try queue.add(1...30)
            try queue.run(
                sql: """
                    UPDATE jobs SET priority = -id;
                    UPDATE jobs SET run_at = '2999-01-01T00:00:00.000Z' WHERE id = 28;
                    UPDATE jobs SET state = 'failed', finished_at = run_at WHERE id = 29;
                    """)
            var filter = JobFilter()
            (filter.state, filter.limit) = (.queued, 4)
            let ids: [TableRow.Value] = [26, 27, 28, 30].map { .integer($0) }
            #expect(try queue.jobs(filter).map { $0["id"] } == ids)
            filter.limit = nil
            #expect(try queue.jobs(filter).count == 29)
        }
    }
}
