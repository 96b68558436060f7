import Conversion
import Drain
import Foundation
import Intake
import Storage

/// Puts the leads into the queue as people do: half with plain SQL, half from a CSV file.
struct Enqueuing {
    let sample: SampleOrg
    let queue: JobQueue
    let folder: URL

    func enqueue() throws {
        let half = sample.leads.count / 2
        try insert(sample.leads[..<half])
        try load(sample.leads[half...])
    }

    private func insert(_ leads: ArraySlice<SampleOrg.Lead>) throws {
        let rows = leads.map { "('\($0.id)', '\($0.convertedStatus)')" }
        let sql = "INSERT INTO jobs (lead_id, converted_status) VALUES"
        say("\(leads.count) leads by SQL:  \(sql) \(rows[0]), ...")
        try queue.run(sql: "\(sql)\n\(rows.joined(separator: ",\n"))")
    }

    private func load(_ leads: ArraySlice<SampleOrg.Lead>) throws {
        let file = folder.appendingPathComponent("leads.csv")
        let header = "Company,convertedStatus,leadId,opportunityName\r\n"
        let rows = leads.map { "\"Acme, Inc.\",\"\($0.convertedStatus)\",\($0.id),Autumn deal\r\n" }
        // People add a line by hand, and mistype it.
        let mistyped = "Acme,Closed - Converted,00QD000000FP14JMAX,\r\n"
        try Data((header + rows.joined() + mistyped).utf8).write(to: file)

        var options = EnqueueOptions()
        options.batch = "autumn"
        var refusals: [String] = []
        var mapping = Mapping()
        try mapping.followUps.set("Opportunity.StageName=Discovery")
        try mapping.followUps.leaveNote("Asked for: {{opportunityName}}", title: nil, on: nil)
        try mapping.followUps.leaveTask("Call {{Company}}", due: "+2d", at: SystemClock.now().wall)
        var reader = try RowReader(ByteSource(path: file.path), mapping: mapping)
        let added = try queue.enqueue(options, at: SystemClock.now().wall) { enqueuing in
            while let row = try reader.next() {
                switch row {
                case .lead(let lead, _): try enqueuing.append(lead)
                case .refused(let line, let reason): refusals.append("leads.csv:\(line): \(reason)")
                }
            }
            try enqueuing.flush()
            return enqueuing.added
        }
        say("\(added) leads by CSV:  leadconvert enqueue leads.csv --batch autumn \\")
        say("    --set Opportunity.StageName=Discovery --note 'Asked for: {{opportunityName}}' \\")
        say("    --task 'Call {{Company}}' --task-due +2d")
        for refusal in refusals { say("  refused  \(refusal)") }
    }
}
