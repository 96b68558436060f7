import Conversion
import Foundation
import TestSupport
import Testing

@testable import StatusPage
@testable import Storage

@Suite struct MetricsTests {
    @Test func `metrics tell the queue's states and the daemon's limits`() async throws {
        try await withPage(fill: { queue in
            try queue.addFailures()
            try queue.run(
                sql: """
                    INSERT INTO limiter (id, tokens, capacity, rate, at, boot_id, uptime_ms,
                        usage_current, usage_limit, usage_at)
                    VALUES (1, 5, 10, 0.5, '2026-11-22T12:00:00.000Z', 'b', 1, 29, 15000,
                        '2026-11-22T12:00:00.000Z')
                    """)
        }) { page in
            let answer = try await page.get("/metrics")
            #expect(
                answer.header("Content-Type")
                    == "text/plain; version=0.0.4; charset=utf-8")
            for line in [
                "leadconvert_jobs{state=\"failed\"} 3", "leadconvert_jobs{state=\"sending\"} 0",
                "leadconvert_org_requests_limit 15000", "leadconvert_bucket_capacity_tokens 10",
                "leadconvert_circuit_open{reason=\"outage\"} 0",
                "leadconvert_build_info{version=\"test\"} 1",
                "leadconvert_call_wait_seconds_bucket{le=\"+Inf\"} 0",
            ] {
                #expect(answer.body.contains("\n\(line)\n"), "\(line)")
            }
        }
    }

    @Test(.enabled(if: Program.promtool.isInstalled, "promtool (Debian's prometheus) is missing"))
    func `promtool finds nothing to say against the metrics`() async throws {
        var activity = Activity(from: Timestamp(milliseconds: 0))
        let now = Timestamp.now
        activity.see(
            AttemptRow(
                id: 1, attempt: 1, kind: "convert", finishedAt: now, outcome: "failed",
                code: "A \"quoted\\ \ncode"))
        activity.see(
            CallRow(id: 1, kind: "convert", size: 3, finishedAt: now, durationMS: 20, waitedMS: 5))
        let snapshot = Snapshot(at: now, activity: activity)
        let text = Metrics(snapshot: snapshot, start: now, version: "1.0", isWritable: true).text
        let end = try await Program.promtool.run(["check", "metrics"], input: text)
        #expect(end.code == 0, "\(end.output)\(end.errors)")
        #expect(end.output + end.errors == "")
    }
}

/// What the manual ships for Prometheus and Grafana.
@Suite struct MonitoringTests {
    private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/leadconvertd/leadconvertd.docc/Resources")

    @Test(.enabled(if: Program.promtool.isInstalled, "promtool (Debian's prometheus) is missing"))
    func `promtool takes the alert rules`() async throws {
        let rules = folder.appendingPathComponent("alerts.yml").path
        let end = try await Program.promtool.run(["check", "rules", rules])
        #expect(end.code == 0, "\(end.output)\(end.errors)")
        #expect(end.output.contains("SUCCESS: 3 rules found"))
    }

    @Test func `alerts and dashboard name metrics that there are`() throws {
        let now = Timestamp.now
        var activity = Activity(from: now)
        activity.see(CallRow(id: 1, kind: "convert", size: 1, finishedAt: now, durationMS: 1))
        var snapshot = Snapshot(at: now, activity: activity)
        snapshot.state = QueueState(
            isPaused: false,
            limiter: .init(
                tokens: 1, capacity: 1, rate: 1, at: SystemClock.now(),
                usage: OrgUsage(current: 1, limit: 2)),
            openCalls: [])
        let metrics = Metrics(snapshot: snapshot, start: now, version: "1", isWritable: true).text
        for file in ["alerts.yml", "grafana.json"] {
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            let names = text.matches(of: /leadconvert_[a-z_]+/).map { String($0.output) }
            #expect(names.count > 3)
            for name in Set(names) { #expect(metrics.contains(name), "\(name) in \(file)") }
        }
    }
}
