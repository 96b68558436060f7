import Foundation

/// The figures side by side, and how the product stands to the others.
struct Table {
    var limit = Figures()
    private var contenders: [Contender: Figures] = [:]

    subscript(contender: Contender) -> Figures {
        get { contenders[contender] ?? Figures() }
        set { contenders[contender] = newValue }
    }

    func text(slowLeads: Int) -> String {
        let wakes = Contender.allCases.map { self[$0].wakes.count }.min() ?? 0
        let head = line("", "limit", "script", "leadconvertd", "of the script", "of the limit")
        let rows = [
            row("drain, leads/s", \.drain?.perSecond, grouped),
            row("  CPU ms for 1,000 leads", \.drain?.cpu, decimal),
            row("  memory at most, MiB", \.peakOfDrain, decimal),
            row("  at 200 ms a call, 8 in flight, %", \.percentOfSlowDrain, decimal),
            row("  bytes on disk for a settled lead", \.bytesPerLead, grouped),
            row("enqueue a CSV file, rows/s", \.enqueue?.perSecond, grouped),
            row("  CPU ms for 1,000 rows", \.enqueue?.cpu, decimal),
            row("  memory at most, MiB", \.peakOfEnqueue, decimal),
            row("  plain SQL, one transaction, rows/s", \.plainSQL?.perSecond, grouped),
            row("commit to request, ms, p50 of \(wakes)", \.wakeMedian, decimal),
            row("  p99", \.wakeWorst, decimal),
            row("idle, % of a core", \.percentIdle, { String(format: "%.2f", $0) }),
        ]
        return ([head] + rows).joined(separator: "\n")
    }

    private func row(
        _ title: String, _ figure: KeyPath<Figures, Double?>, _ text: (Double) -> String
    ) -> String {
        let product = self[.product][keyPath: figure]
        let others = [limit[keyPath: figure], self[.script][keyPath: figure]]
        let ratios = others.reversed().map { other in
            zip(product, other).map { String(format: "%.2f x", $0 / $1) } ?? ""
        }
        let cells = (others + [product]).map { $0.map(text) ?? "" } + ratios
        return line(title, cells[0], cells[1], cells[2], cells[3], cells[4])
    }

    private func zip(_ one: Double?, _ other: Double?) -> (Double, Double)? {
        guard let one, let other, other != 0 else { return nil }
        return (one, other)
    }

}

private func line(_ title: String, _ cells: String...) -> String {
    title.padding(toLength: 40, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 15 - $0.count)) + $0 }.joined()
}

private func grouped(_ number: Double) -> String {
    let digits = Array(String(Int(number.rounded())))
    return digits.indices.reduce(into: "") { text, index in
        if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
        text.append(digits[index])
    }
}

private func decimal(_ number: Double) -> String {
    String(format: "%.1f", number)
}

extension BurdenFigures {
    /// The figures of an empty queue and of a large one side by side, and then what a call takes.
    func text(of bench: Bench) -> String {
        let shapes = Shape.allCases.map { shape in
            line(shape.title, self.shapes[shape].map(decimal) ?? "", "")
        }
        let calls =
            [
                line(
                    "ms for 100 leads, 8 calls in flight", empty.map { decimal($0.perCall) } ?? "",
                    "")
            ]
            + shapes
        guard large != nil else { return calls.joined(separator: "\n") }
        let held =
            "\(grouped(Double(bench.settled))) settled, \(grouped(Double(bench.queued))) queued"
        var rows = [
            held, line("", "empty", "large", "of the empty"),
            row("drain, leads/s", \.perSecond, grouped),
            row("  memory at most, MiB", \.peak, decimal),
            row("start to the first request, ms", \.start, decimal),
            row("enqueue a CSV file, rows/s", \.enqueue?.perSecond, grouped),
            row("  memory at most, MiB", \.enqueue?.peak, decimal),
        ]
        if let besidePrune, let large {
            let ratio = String(format: "%.2f x", besidePrune.perSecond / large.perSecond)
            let title = "drain beside prune of \(grouped(Double(besidePrune.pruned)))"
            rows.append(
                line(title, grouped(large.perSecond), grouped(besidePrune.perSecond), ratio))
        }
        return (rows + [""] + calls).joined(separator: "\n")
    }

    private func row(
        _ title: String, _ figure: KeyPath<Pace, Double?>, _ text: (Double) -> String
    ) -> String {
        guard let empty = empty?[keyPath: figure], let large = large?[keyPath: figure] else {
            return title
        }
        return line(title, text(empty), text(large), String(format: "%.2f x", large / empty))
    }

    private func row(
        _ title: String, _ figure: KeyPath<Pace, Double>, _ text: (Double) -> String
    ) -> String {
        guard let empty = empty?[keyPath: figure], let large = large?[keyPath: figure] else {
            return title
        }
        return line(title, text(empty), text(large), String(format: "%.2f x", large / empty))
    }
}

extension Figures {
    fileprivate var peakOfDrain: Double? { drain?.peak }
    fileprivate var peakOfEnqueue: Double? { enqueue?.peak }
    fileprivate var percentOfSlowDrain: Double? { slowDrain.map { $0 * 100 } }
    fileprivate var percentIdle: Double? { idle.map { $0 * 100 } }
    fileprivate var wakeMedian: Double? { wake(atPart: 0.5) }
    fileprivate var wakeWorst: Double? { wake(atPart: 0.99) }

    private func wake(atPart part: Double) -> Double? {
        wakes.isEmpty ? nil : wakes[Int(Double(wakes.count - 1) * part)]
    }
}
