import ArgumentParser
import SalesforceSimulator

/// `NAME=RATE` on the command line.
struct FaultArgument {
    let fault: Fault
    let rate: Double

    init(_ text: String) throws {
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2 else { throw ValidationError("a fault is given as NAME=RATE.") }
        guard let fault = Fault(rawValue: halves[0]) else {
            throw ValidationError("there is no fault '\(halves[0])'; there are \(Fault.names).")
        }
        guard let rate = Double(halves[1]), (0...1).contains(rate) else {
            throw ValidationError("the rate '\(halves[1])' is not in 0...1.")
        }
        self.fault = fault
        self.rate = rate
    }
}

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
