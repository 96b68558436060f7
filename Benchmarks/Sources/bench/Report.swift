import Foundation

/// The figures as a table: medians, and each course beside the limit.
struct Report: CustomStringConvertible {
    let leads: Int
    let rounds: Int
    let figures: [Course: [Figure]]

    var description: String {
        let head =
            "\(Self.grouped(Double(leads))) leads, calls of 100, 4 in flight; "
            + "median of \(rounds)"
        let title = row("", "leads/s", "of the limit", "CPU ms/1,000", "peak MB", "KB/1,000")
        return ([head, "", title] + Course.allCases.compactMap(row)).joined(separator: "\n")
    }

    private func row(_ course: Course) -> String? {
        guard let rounds = figures[course] else { return nil }
        return row(
            course.title, Self.grouped(median(rounds.map(\.leadsPerSecond))), share(of: course),
            Self.decimal(median(rounds.map(\.cpu))), Self.decimal(median(rounds.map(\.peak))),
            Self.decimal(median(rounds.map(\.growth))))
    }

    /// Each round against the limit of the same round: what the machine does meanwhile hits both.
    private func share(of course: Course) -> String {
        guard let limits = figures[.limit], let rounds = figures[course],
            course == .endToEnd || course == .storage || course == .limit
        else { return "" }
        let shares = zip(rounds, limits).map { $0.leadsPerSecond / $1.leadsPerSecond }
        return "\(Self.decimal(median(shares) * 100)) %"
    }

    private func row(_ title: String, _ cells: String...) -> String {
        title.padding(toLength: 32, withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }.joined()
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private static func grouped(_ number: Double) -> String {
        let digits = Array(String(Int(number)))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digits[index])
        }
    }

    private static func decimal(_ number: Double) -> String {
        String(format: "%.1f", number)
    }
}
