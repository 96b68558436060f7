import Conversion
import Foundation
import Settings
import Storage

/// One lead that is converted at the end of setup, to see it work.
struct FirstLead {
    let place: SetupPlace
    let queue: JobQueue
    let status: String
    /// For how long somebody who sits there waits for the lead.
    var timeout = Duration.seconds(180)

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
        let daemon = DaemonLock.holder(queue: queue.path) == nil ? try drain() : nil
        defer { daemon?.stop() }
        var changes = QueueChanges(of: queue)
        let dashboard = try Dashboard(path: queue.path)
        let end = ContinuousClock.now + timeout
        while ContinuousClock.now < end {
            // A daemon that ends changes nothing any more.
            try changes.wait(until: min(end, .now + .seconds(1)))
            let hasEnded = daemon.map { !$0.isRunning } ?? false
            if let newest = try dashboard.jobs(of: lead, limit: 1).first, newest.state.isSettled {
                return try show(newest)
            }
            if hasEnded { break }
        }
        if let daemon, !daemon.isRunning, daemon.terminationStatus != 0 {
            throw OperatorError(
                .unavailable, "leadconvertd ended with \(daemon.terminationStatus).")
        }
        StandardError.write(
            "\(lead) is not settled yet\(try reasonToWait()). See: leadconvert log \(lead) "
                + "\(place.queueOption)\n")
        return false
    }

    private func reasonToWait() throws -> String {
        let now = try queue.reports.status(at: .now)
        guard now.daemon != nil else { return ": no daemon works on the queue" }
        guard let reason = now.waitingFor else { return "" }
        let until = now.waitingUntil.map { ", until \($0)" } ?? ""
        return ": the queue waits for \(reason.phrase)\(until)"
    }

    /// Has the queue drained: by the service, or by a daemon that ends when it is empty.
    /// - Returns: That daemon.
    private func drain() throws -> Process? {
        if place.isLive, let unit = place.service?.unit {
            try place.systemctl("start", unit: unit)
            return nil
        }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("leadconvertd").path
        var environment = place.environment
        environment["LEADCONVERT_LOG_LEVEL"] = "warning"
        return try startProgram(
            program, ["--until-empty", "--env-file", place.settings, "--db", queue.path],
            environment)
    }

    private func show(_ job: JobSummary) throws -> Bool {
        let isConverted = job.state == .converted
        let facts =
            isConverted
            ? [
                ("account", job.accountID), ("contact", job.contactID),
                ("opportunity", job.opportunityID),
            ].compactMap { name, id in id.map { "\(name) \($0)" } }
            : [job.code, job.message].compactMap { $0?.onOneLine }
        let output = Output()
        try output.writeLine("\(job.lead) \(job.state): \(facts.joined(separator: ", "))")
        try output.flush()
        return isConverted
    }
}

extension Process {
    /// A program that reads nothing.
    convenience init(_ program: String, _ arguments: [String]) {
        self.init()
        executableURL = URL(fileURLWithPath: program)
        self.arguments = arguments
        standardInput = FileHandle.nullDevice
    }

    /// Has it settle what is in flight, and waits for its end.
    fileprivate func stop() {
        if isRunning { terminate() }
        waitUntilExit()
    }
}

/// Runs a program to its end.
/// - Returns: Its status.
/// - Throws: 71 when it can't be started.
func runProgram(_ program: String, _ arguments: [String]) throws(OperatorError) -> Int32 {
    let process = try startProgram(program, arguments)
    process.waitUntilExit()
    return process.terminationStatus
}

private func startProgram(
    _ program: String, _ arguments: [String], _ environment: [String: String]? = nil
) throws(OperatorError) -> Process {
    let process = Process(program, arguments)
    process.environment = environment
    do {
        try process.run()
    } catch {
        throw OperatorError(
            .systemRefused, "\(program) can't be started.", remedy: "Is it installed?")
    }
    return process
}
