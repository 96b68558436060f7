/// What one course cost in one round.
struct Figure {
    /// Leads settled, or put in, a second.
    var leadsPerSecond: Double
    /// Milliseconds of CPU, user and system, for 1,000 leads.
    var cpu: Double
    /// The most memory that was in use during the course, in MB.
    var peak: Double
    /// How much of that came with each 1,000 leads, in KB.
    var growth: Double

    init(leads: Int, time: Duration, from before: Usage, to after: Usage) {
        let thousands = Double(leads) / 1000
        leadsPerSecond = Double(leads) / (time / .seconds(1))
        cpu = (after.cpu - before.cpu) / thousands
        peak = Double(after.peak) / 1024
        growth = Double(max(0, after.peak - before.resident)) / thousands
    }
}
