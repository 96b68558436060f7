import Conversion

/// Settings that can't be used, one or more.
public struct WrongSettings: Error, Equatable {
    /// What is wrong with each.
    public let problems: [SettingProblem]
}

/// A setting that can't be used, and what it must be.
public struct SettingProblem: Equatable, Sendable, CustomStringConvertible {
    /// The variable or flag.
    public let name: String
    /// Its value as given; nil when it is missing, secret or may hold a secret.
    public let value: String?
    /// What it must be, or what to do.
    public let rule: String

    /// The line that an operator reads.
    public var description: String {
        value.map { "\(name)=\($0): \(rule)" } ?? "\(name): \(rule)"
    }
}

extension OperatorError {
    /// Every wrong setting in one error, a line each, so that nobody mends them one by one.
    static func wrongSettings(_ problems: [SettingProblem]) -> OperatorError {
        let lines = problems.map { "  \($0)" }.joined(separator: "\n")
        let count = problems.count == 1 ? "A setting is" : "\(problems.count) settings are"
        return OperatorError(.configuration, "\(count) wrong:\n\(lines)")
    }
}
