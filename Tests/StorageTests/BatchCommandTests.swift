import Conversion
import Storage
import TestSupport
import Testing

/// Which commands of batches are to run, and what is written of them.
@Suite struct BatchCommandTests {
    @Test func `are to run once their batch has finished the first first`() async throws {
        try await withQueue { queue in
            try add([1], to: "monday", of: queue)
            try add([2], to: "friday", of: queue)
            #expect(try queue.commands.nextCommand(except: []) == nil)
            #expect(try !queue.commands.hasCommands())
            try cancel(2, of: queue, at: 10)
            try cancel(1, of: queue, at: 20)
            let first = try #require(try queue.commands.nextCommand(except: []))
            #expect(first.batch == "friday")
            #expect(first.text == "next 'step'")
            #expect(try queue.commands.nextCommand(except: [first.batchID])?.batch == "monday")
            #expect(try queue.commands.hasCommands())
        }
    }

    @Test func `are known to be cut off when their start has no end`() async throws {
        try await withQueue { queue in
            try add([1], to: "friday", of: queue)
            try cancel(1, of: queue, at: 10)
            let due = try #require(try queue.commands.nextCommand(except: []))
            let started = try #require(try queue.commands.start(due, at: Moment.ms(20).wall))
            #expect(started.runs == 1)
            // As the next daemon finds it.
            let again = try #require(try queue.commands.nextCommand(except: []))
            #expect(again == started)
            let second = try #require(try queue.commands.start(again, at: Moment.ms(30).wall))
            try queue.commands.end(started, .init(exit: 9), at: Moment.ms(40).wall)
            #expect(try queue.commands.hasCommands())
            try queue.commands.end(second, .init(exit: 0), at: Moment.ms(50).wall)
            #expect(try !queue.commands.hasCommands())
        }
    }

    @Test func `run again when the batch finishes while they run`() async throws {
        try await withQueue { queue in
            try add([1], to: "friday", of: queue)
            try cancel(1, of: queue, at: 10)
            let due = try #require(try queue.commands.nextCommand(except: []))
            let started = try #require(try queue.commands.start(due, at: Moment.ms(20).wall))
            try add([2], to: "friday", of: queue)
            #expect(try !queue.commands.hasCommands())
            try cancel(2, of: queue, at: 30)
            try queue.commands.end(started, .init(exit: 0), at: Moment.ms(40).wall)
            let again = try #require(try queue.commands.nextCommand(except: []))
            #expect(again.runs == 1)
            #expect(again.startedAt == nil)
        }
    }

    @Test func `do not start for a batch that goes on`() async throws {
        try await withQueue { queue in
            try add([1], to: "friday", of: queue)
            try cancel(1, of: queue, at: 10)
            let due = try #require(try queue.commands.nextCommand(except: []))
            try add([2], to: "friday", of: queue)
            #expect(try queue.commands.start(due, at: Moment.ms(20).wall) == nil)
        }
    }

    private func add(_ leads: [Int], to batch: String, of queue: JobQueue) throws {
        var options = EnqueueOptions()
        options.batch = batch
        options.onFinish = try CommandText("next 'step'")
        try queue.add(leads, options)
    }

    private func cancel(_ lead: Int, of queue: JobQueue, at time: Int64) throws {
        _ = try queue.operations.cancel([.lead(.lead(lead))], at: Moment.ms(time).wall)
    }
}
