import Conversion

extension Output {
    /// Says which jobs were left alone, and why.
    func writeLeftAlone(
        _ jobs: [JobState: Int], because reason: (JobState) -> String
    ) throws {
        for state in JobState.allCases {
            guard let count = jobs[state], count > 0 else { continue }
            try writeLine("\(counted(count, "job")) left alone: \(reason(state)).")
        }
    }
}
