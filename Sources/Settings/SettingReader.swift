import Conversion

/// Reads settings one after the other and keeps what is wrong with them.
struct SettingReader {
    /// The variables. One that is set to nothing counts as not set, as in a systemd
    /// environment file.
    let environment: [String: String]
    /// What was wrong so far.
    private(set) var problems: [SettingProblem] = []

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The variable's text, or nil when it is not set.
    func text(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What `parse` makes of the variable; the default when it is not set, or wrong.
    mutating func value<Value>(
        _ name: String, default standard: Value, rule: String, _ parse: (String) -> Value?
    ) -> Value {
        optional(name, rule: rule, parse) ?? standard
    }

    /// What `parse` makes of the variable; nil when it is not set, or wrong.
    mutating func optional<Value>(
        _ name: String, rule: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = text(name) else { return nil }
        if let value = parse(text) { return value }
        report(name, value: text, rule)
        return nil
    }

    /// A whole number.
    mutating func whole(_ name: String, _ range: ClosedRange<Int>, default standard: Int) -> Int {
        value(
            name, default: standard,
            rule: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A number of seconds, or a duration with its unit, in milliseconds.
    mutating func milliseconds(
        _ name: String, _ range: ClosedRange<Int64>, default standard: Int64
    ) -> Int64 {
        let (low, high) = (range.lowerBound, range.upperBound / 1000)
        return value(
            name, default: standard,
            rule: "must be a number of seconds "
                + (low > 0 ? "above 0, at most \(high)" : "from 0 to \(high)")
                + ", or with a unit: 500ms, 30s, 15m"
        ) { text in
            let seconds = Double(text).map { ($0 * 1000).rounded() }
            let parsed = seconds.flatMap(Int64.init(exactly:)) ?? DurationText(text)?.milliseconds
            return parsed.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Notes a wrong setting.
    mutating func report(_ name: String, value: String? = nil, _ rule: String) {
        problems.append(SettingProblem(name: name, value: value, rule: rule))
    }
}

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
    /// Every wrong setting in one error, a line each, so that all can be fixed at once.
    static func wrongSettings(_ problems: [SettingProblem]) -> OperatorError {
        let lines = problems.map { "  \($0)" }.joined(separator: "\n")
        let count = problems.count == 1 ? "A setting is" : "\(problems.count) settings are"
        return OperatorError(.configuration, "\(count) wrong:\n\(lines)")
    }
}
