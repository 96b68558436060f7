import Conversion
import Foundation
import Settings
import Storage

/// One lead that is converted at the end of setup, to see it work.
struct FirstLead {
    let place: SetupPlace
    let queue: JobQueue
    let status: String

    /// Why no lead can be converted alone; nil when one can.
    func blockingReason() throws -> String? {
        let now = try queue.reports.status(at: .now)
        if let daemon = now.daemon, try place.hasOtherLogin(daemon) {
            return
                "The daemon that works on the queue, pid \(daemon.pid), still logs in as before. "
                + "Stop it, then: \(place.startCommand)"
        }
        let waiting = now.counts.filter { !$0.key.isSettled }.values.reduce(0, +)
        if now.isPaused {
            return "The queue is paused: leadconvert resume \(DatabasePath(queue.path).option)"
        }
        guard waiting > 0, now.daemon == nil else { return nil }
        return "\(counted(waiting, "lead")) in the queue would be converted with it: start the "
            + "daemon when that is what you want."
    }

    /// Converts it; shows what became of it.
    /// - Returns: Whether it is converted.
    func convert(_ lead: RecordID) throws -> Bool {
        let job = try queue.enqueue(EnqueueOptions(), at: .now) { enqueuing in
            try enqueuing.add(LeadConversion(leadID: lead, convertedStatus: status))
        }
        if job == nil { StandardError.write("\(lead) is in the queue already.\n") }
        StandardError.write("Converting \(lead) ...\n")
        if DaemonLock.holder(queue: queue.path) == nil { try drain() }
        var changes = QueueChanges(of: queue)
        let end = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < end {
            try changes.wait()
            guard let row = try row(of: lead), Self.isSettled(row) else { continue }
            return try show(lead, row)
        }
        StandardError.write("Not settled after three minutes; see: leadconvert log \(lead)\n")
        return false
    }

    /// Has the queue drained: by the service, or by a daemon that ends when it is empty.
    private func drain() throws {
        if place.isLive, let unit = place.service?.unit {
            return try place.systemctl("start", unit: unit)
        }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("leadconvertd").path
        var environment = place.environment
        environment["LEADCONVERT_LOG_LEVEL"] = "warning"
        let status = try runProgram(
            program, ["--until-empty", "--env-file", place.settings, "--db", queue.path],
            environment)
        guard status == 0 else {
            throw OperatorError(.unavailable, "leadconvertd ended with \(status).")
        }
    }

    private func row(of lead: RecordID) throws -> TableRow? {
        var filter = JobFilter()
        filter.lead = lead
        filter.limit = 1
        var found: TableRow?
        try queue.reports.readJobs(filter) { found = $0 }
        return found
    }

    private static func isSettled(_ row: TableRow) -> Bool {
        text(row, "state").flatMap(JobState.init)?.isSettled ?? true
    }

    private func show(_ lead: RecordID, _ row: TableRow) throws -> Bool {
        let isConverted = Self.text(row, "state") == JobState.converted.rawValue
        let facts =
            isConverted
            ? [
                ("account", "result_account_id"), ("contact", "result_contact_id"),
                ("opportunity", "result_opportunity_id"),
            ].compactMap { name, column in
                Self.text(row, column).map { "\(name) \($0)" }
            }
            : ["error_code", "error_message"].compactMap { Self.text(row, $0)?.onOneLine }
        let output = Output()
        let state = Self.text(row, "state") ?? ""
        try output.writeLine("\(lead) \(state): \(facts.joined(separator: ", "))")
        try output.flush()
        return isConverted
    }

    private static func text(_ row: TableRow, _ column: String) -> String? {
        guard case .text(let text) = row[column], !text.isEmpty else { return nil }
        return text
    }
}

/// Runs a program to its end.
/// - Returns: Its status.
/// - Throws: 71 when it can't be started.
func runProgram(
    _ program: String, _ arguments: [String], _ environment: [String: String]? = nil
) throws(OperatorError) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    do {
        try process.run()
    } catch {
        throw OperatorError(
            .systemRefused, "\(program) can't be started.", remedy: "Is it installed?")
    }
    process.waitUntilExit()
    return process.terminationStatus
}
