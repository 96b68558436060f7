import Conversion
import Foundation
import NIOCore
import NIOHTTP1
import Storage
import Synchronization

/// What can be looked at.
extension PageResponder {
    func page(_ request: Request, _ headers: AccessControl.Headers) async throws -> Response {
        let query = Form.fields(request.query)
        switch request.path {
        case "/": return try overview(query)
        case "/metrics": return try metrics()
        case "/readyz": return try readiness()
        case "/failures": return try await failures(query)
        case "/jobs": return try await jobs(query)
        case "/batches": return try await batch(query)
        case "/leads": return try await lead(query)
        default:
            return fault(.notFound, "No such page", "There is nothing at this address.")
        }
    }

    private func overview(_ query: [String: String]) throws -> Response {
        let snapshot = try watch.snapshot()
        let (isDay, context) = (query["range"] == "day", context(query))
        let key = "\(isDay) \(context.notice.text)"
        // What is in flight grows older by the second.
        let version = snapshot.version &* 7919 &+ Int(snapshot.at.milliseconds / 1000)
        let body = rendered.withLock { rendered -> ByteBuffer in
            if let last = rendered[key], last.version == version { return last.body }
            let page = OverviewPage(context: context, snapshot: snapshot, isDay: isDay)
            let body = ByteBuffer(string: page.html.text)
            if rendered.count > 20 { rendered = [:] }
            rendered[key] = (version, body)
            return body
        }
        return .html(.ok, body)
    }

    private func metrics() throws -> Response {
        let snapshot = try watch.snapshot()
        let text = Metrics(
            snapshot: snapshot, start: start, version: version, isWritable: health.isWritable()
        ).text
        return .text(text, type: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// Whether the daemon may send: with what stands in its way otherwise.
    private func readiness() throws -> Response {
        let snapshot = try watch.snapshot()
        var reasons: [String] = []
        if !health.isWritable() { reasons.append("the queue's file can't be written") }
        if !health.hasSession(), let code = snapshot.state?.loginFault {
            reasons.append("no session: the last login came to \(code)")
        }
        if let reason = snapshot.state?.waitingFor, Metrics.breakerReasons.contains(reason) {
            reasons.append("circuit open: waiting for \(reason.phrase)")
        }
        guard !reasons.isEmpty else { return .text("ready\n") }
        return .text(reasons.map { $0 + "\n" }.joined(), status: .serviceUnavailable)
    }

    private func failures(_ query: [String: String]) async throws -> Response {
        let (code, batch, context) = (query["code"], query["batch"], context(query))
        let part = query["part"].flatMap(FailedPart.init(rawValue:)) ?? .conversion
        let place = Form.place(query)
        return try await reading { dashboard in
            let id = try batch.map { try dashboard.batch(named: $0).id }
            let jobs = try dashboard.failures(
                part, code: code, batch: id, after: place, limit: Self.rows + 1)
            let fields = [("code", code), ("batch", batch), ("part", query["part"])]
            let next = Self.next(jobs, "/failures", fields) { $0.finishedAt }
            return FailuresPage(
                context: context, part: part, code: code, batch: batch,
                jobs: Array(jobs.prefix(Self.rows)), next: next
            ).html
        }
    }

    private func jobs(_ query: [String: String]) async throws -> Response {
        guard let state = query["state"].flatMap(JobState.init(rawValue:)) else {
            return fault(.notFound, "No such state", "Jobs have no state of that name.")
        }
        let (place, context) = (Form.place(query), context(query))
        return try await reading { dashboard in
            let jobs = try dashboard.jobs(in: state, after: place, limit: Self.rows + 1)
            let next = Self.next(jobs, "/jobs", [("state", state.rawValue)]) {
                state == .converted ? $0.finishedAt : $0.runAt
            }
            return JobsPage(
                context: context, state: state, jobs: Array(jobs.prefix(Self.rows)), next: next
            ).html
        }
    }

    private func batch(_ query: [String: String]) async throws -> Response {
        let (name, context) = (query["name"] ?? "", context(query))
        return try await reading { dashboard in
            let batch = try dashboard.batch(named: name)
            return BatchPage(
                context: context, batch: batch,
                failures: try dashboard.failuresByCode(batch: batch.id)
            ).html
        }
    }

    private func lead(_ query: [String: String]) async throws -> Response {
        let text = (query["id"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        let lead: RecordID
        do {
            lead = try RecordID(text, of: .lead)
        } catch {
            return fault(.notFound, "No lead's id", "\(text): \(error).")
        }
        let context = context(query)
        return try await reading { dashboard in
            let jobs = try dashboard.jobs(of: lead)
            guard !jobs.isEmpty else {
                throw OperatorError(.notFound, "There is no job for lead \(lead).")
            }
            let history = try jobs.map { ($0, try dashboard.attempts(of: $0.id)) }
            return LeadPage(context: context, lead: lead.description, jobs: history).html
        }
    }

    /// Where a list goes on, if one more row than fits was found.
    private static func next(
        _ jobs: [JobSummary], _ path: String, _ fields: [(String, String?)],
        by time: (JobSummary) -> Timestamp?
    ) -> String? {
        guard jobs.count > rows, let time = time(jobs[rows - 1]) else { return nil }
        return Link.query(
            path, fields + [("after", time.description), ("above", String(jobs[rows - 1].id))])
    }

    private func reading(
        _ body: @escaping @Sendable (Dashboard) throws -> HTML
    ) async throws -> Response {
        let dashboard = operations.dashboard
        return .html(.ok, try await working { try body(dashboard) })
    }

    private func context(_ query: [String: String]) -> PageContext {
        var context = context
        context.notice = notice(query)
        return context
    }

    private func notice(_ query: [String: String]) -> HTML {
        guard let action = query["did"].flatMap(PageOperation.Action.init(rawValue:)) else {
            return .none
        }
        let jobs = query["jobs"].flatMap { Int($0) }.map { max(0, $0) }
        let leads = (jobs ?? 0).counted("lead")
        let held = query["held"].flatMap { Int($0) }.map { max(0, $0) } ?? 0
        let more = query["more"] == nil ? "" : " so far; the rest follows"
        let queue = query["queue"] == nil ? "" : "; the whole queue is paused"
        let words: String? =
            switch (action, jobs) {
            case (.retry, nil), (.cancel, nil): nil
            case (.retry, 0): "No lead was left to retry."
            case (.cancel, 0): "No lead was left to cancel."
            case (.pause, nil): "The queue is paused."
            case (.resume, nil): "The queue is resumed."
            case (.retry, let jobs?):
                "\(leads) will run again\(Self.hold(held, of: jobs))\(more)\(queue)."
            case (.cancel, _): "\(leads) cancelled\(more)."
            case (.pause, _): "Paused; \(leads) held\(queue)."
            case (.resume, _): "Resumed; \(leads) released\(queue)."
            }
        return words.map { "<p class=\"notice\" role=\"status\">\($0)</p>" } ?? .none
    }

    /// What some of these jobs wait for.
    private static func hold(_ held: Int, of jobs: Int) -> String {
        let share = held < jobs ? ", \(held) of them" : ""
        let batch = held == 1 ? "its batch" : "their batch"
        return held == 0 ? "" : "\(share) once \(batch) is resumed"
    }
}
