import ArgumentParser

/// `MS` or `MS-MS` on the command line.
struct LatencyArgument: ExpressibleByArgument {
    let range: ClosedRange<Int>

    init(range: ClosedRange<Int>) { self.range = range }

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
            0 <= low, low <= high, high <= 3_600_000
        else { return nil }
        range = low...high
    }

    var defaultValueDescription: String { "\(range.lowerBound)" }
}
