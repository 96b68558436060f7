import ArgumentParser
import Conversion
import Storage

/// Which jobs a command changes.
struct SelectionOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Job numbers or lead ids.", valueName: "lead-or-job"),
        transform: Subject.read
    )
    var subjects: [Subject] = []

    @Option(help: ArgumentHelp("All jobs of this batch.", valueName: "name"))
    var batch: String?

    /// In how many ways jobs were named.
    var count: Int { (subjects.isEmpty ? 0 : 1) + (batch == nil ? 0 : 1) }

    /// The jobs that were named.
    var selections: [JobSelection] {
        if let batch { return [.batch(batch)] }
        return subjects.map { subject in
            switch subject {
            case .job(let number): .job(number)
            case .lead(let lead): .lead(lead)
            }
        }
    }
}
