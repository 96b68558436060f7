import Conversion
import Drain
import Foundation
import Glibc
import Storage

/// Puts leads through the courses, each on its own copy of one file.
struct Rounds {
    let leads: Int
    let courses: [Course]

    /// Runs every course once, in files of a folder that is gone afterwards.
    func round(against url: String, record: (Course, Figure) -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("leadconvertd-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { remove(folder) }
        let original = folder.appendingPathComponent("queue.db")
        let enqueued = try await measured { try enqueue(in: original.path) }
        for course in courses {
            guard course != .enqueue else {
                record(course, enqueued)
                continue
            }
            let copy = folder.appendingPathComponent("\(course.rawValue).db")
            try FileManager.default.copyItem(at: original, to: copy)
            // What the copy left to be written is not to be waited for in the course.
            sync()
            record(course, try await measured { try await run(course, copy.path, url) })
            if course != .wire { try check(course, copy.path) }
        }
    }

    private func run(_ course: Course, _ path: String, _ url: String) async throws {
        switch course {
        case .endToEnd: try await EndToEnd(path: path, url: url).run()
        case .storage: try StorageAlone(path: path).run()
        case .limit: try Limit(path: path).run()
        case .wire: try await WireAlone(url: url, leads: leads).run()
        case .enqueue: break
        }
    }

    /// A course that left leads behind was not faster, but shorter.
    private func check(_ course: Course, _ path: String) throws {
        let queue = try JobQueue(path: path, as: .client)
        let converted = try queue.status(at: SystemClock.now().wall).counts[.converted] ?? 0
        guard converted == leads else {
            throw Unfinished(description: "\(course): \(converted) of \(leads) were converted.")
        }
    }

    private func measured(_ body: () async throws -> Void) async throws -> Figure {
        let before = Usage.now()
        let time = try await ContinuousClock().measure { try await body() }
        return Figure(leads: leads, time: time, from: before, to: Usage.now())
    }

    private func enqueue(in path: String) throws {
        let queue = try JobQueue(path: path, as: .daemon)
        var options = EnqueueOptions()
        // Due for so long that no call waits for company.
        options.runAt = SystemClock.now().wall + -60_000
        try queue.enqueue(options, at: SystemClock.now().wall) { enqueuing in
            for number in 0..<leads { try enqueuing.add(.numbered(number)) }
        }
    }

    private func remove(_ folder: URL) {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            FileHandle.standardError.write(Data("bench: \(folder.path) is left behind\n".utf8))
        }
    }
}

extension LeadConversion {
    /// A conversion such as people ask for: a name for the opportunity, and an owner.
    static func numbered(_ number: Int) throws -> LeadConversion {
        let digits = String(number)
        let stem = "00QWs" + String(repeating: "0", count: 10 - digits.count) + digits
        var lead = LeadConversion(
            leadID: try RecordID(stem, of: .lead), convertedStatus: "Closed - Converted")
        lead.opportunityName = "Autumn \(digits)"
        lead.ownerID = try RecordID("005Ws000000AbCd", of: .user)
        return lead
    }
}
