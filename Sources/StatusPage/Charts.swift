import Conversion
import Storage

// Charts are inline SVG that stretches with the page; words and numbers stand beside it in HTML,
// which keeps its size on a phone. Colours come from the style sheet by class.

/// A bar of parts, for what a batch or the queue has come to.
struct PartsBar {
    /// A part: its class in the style sheet, what it is called, and how large it is.
    struct Part {
        var kind: String
        var name: String
        var count: Int
    }

    let parts: [Part]

    var html: HTML {
        let shown = parts.filter { $0.count > 0 }
        let total = shown.reduce(0) { $0 + $1.count }
        guard total > 0 else {
            return """
                <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" \
                aria-label="nothing"><rect class="track" width="1000" height="10"/></svg>
                """
        }
        let label = shown.map { "\($0.count.grouped) \($0.name)" }.joined(separator: ", ")
        var x = 0.0
        let rects = shown.map { part -> HTML in
            // The smallest part can still be seen.
            let width = max(3, 1000 * Double(part.count) / Double(total))
            defer { x += width }
            return """
                <rect class="\(part.kind)" x="\(x.svg)" width="\(width.svg)" height="10">\
                <title>\(part.count.grouped) \(part.name)</title></rect>
                """
        }
        return """
            <svg class="bar" viewBox="0 0 \(max(1000, x).svg) 10" preserveAspectRatio="none" \
            role="img" aria-label="\(label)">\(rects)</svg>
            """
    }
}

/// How full something is: the bucket, the org's allowance.
struct Gauge {
    let value: Double
    let most: Double
    let label: String

    var html: HTML {
        let share = most > 0 ? min(1, max(0, value / most)) : 0
        return """
            <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" \
            aria-label="\(label)"><rect class="track" width="1000" height="10"/>\
            <rect class="fill" width="\((1000 * share).svg)" height="10"/></svg>
            """
    }
}

/// Stacked columns over time.
struct Columns {
    /// A layer: its class, its name, and its value in each span.
    struct Layer {
        var kind: String
        var name: String
        var values: [Int]
    }

    let layers: [Layer]
    let starts: [Timestamp]
    let label: String

    private static let height = 120.0

    var html: HTML {
        let sums = starts.indices.map { index in layers.reduce(0) { $0 + $1.values[index] } }
        let most = max(1, sums.max() ?? 1)
        let top = Self.roundTop(most)
        let columns = starts.indices.map { column($0, top: top) }
        return """
            <figure class="chart"><div class="plot"><span class="top">\(top.grouped)</span>\
            <svg viewBox="0 0 \(starts.count * 10) 120" preserveAspectRatio="none" role="img" \
            aria-label="\(label)"><line class="grid" x1="0" x2="\(starts.count * 10)" y1="0.5" \
            y2="0.5"/><line class="grid" x1="0" x2="\(starts.count * 10)" y1="60" y2="60"/>\
            \(columns)<line class="axis" x1="0" x2="\(starts.count * 10)" y1="119.5" y2="119.5"/>\
            </svg></div>\(Axis(starts: starts).html)\(legend)</figure>
            """
    }

    private func column(_ index: Int, top: Int) -> HTML {
        var y = Self.height
        let parts = layers.compactMap { layer -> HTML? in
            let value = layer.values[index]
            guard value > 0 else { return nil }
            let height = max(1, Self.height * Double(value) / Double(top))
            y -= height
            return """
                <rect class="\(layer.kind)" x="\(index * 10 + 1)" width="8" y="\(max(0, y).svg)" \
                height="\(height.svg)"/>
                """
        }
        guard !parts.isEmpty else { return .none }
        let words = layers.filter { $0.values[index] > 0 }
            .map { "\($0.values[index].grouped) \($0.name)" }.joined(separator: ", ")
        return "<g>\(parts)<title>\(starts[index].hourAndMinute): \(words)</title></g>"
    }

    private var legend: HTML {
        guard layers.count > 1 else { return .none }
        let entries = layers.map { layer -> HTML in
            """
            <li><svg class="key" viewBox="0 0 10 10" aria-hidden="true">\
            <rect class="\(layer.kind)" width="10" height="10"/></svg>\(layer.name) \
            <b>\(layer.values.reduce(0, +).grouped)</b></li>
            """
        }
        return "<figcaption><ul class=\"legend\">\(entries)</ul></figcaption>"
    }

    /// 1, 2 or 5 with zeros: 7 becomes 10, 12 becomes 20, 340 becomes 500.
    static func roundTop(_ most: Int) -> Int {
        var power = 1
        while power * 10 <= most, power < 1_000_000_000 { power *= 10 }
        return [power, 2 * power, 5 * power, 10 * power].first { $0 >= most } ?? most
    }
}

/// A line over time, with gaps where nothing is known.
struct LineChart {
    let values: [Int?]
    let starts: [Timestamp]
    let top: Int
    let label: String

    var html: HTML {
        let width = max(1, starts.count - 1) * 10
        var path = ""
        var last: Int?
        for (index, value) in values.enumerated() {
            // The org tells its count with each answer: between two answers the older one holds.
            guard let value = value ?? last else { continue }
            let y = 60 - 59 * min(1, Double(value) / Double(max(1, top)))
            path += "\(path.isEmpty ? "M" : "L")\(index * 10) \(y.svg)"
            last = value
        }
        return """
            <figure class="chart small"><div class="plot"><span class="top">\(top.grouped)</span>\
            <svg viewBox="0 0 \(width) 60" preserveAspectRatio="none" role="img" \
            aria-label="\(label)"><line class="grid" x1="0" x2="\(width)" y1="0.5" y2="0.5"/>\
            <path class="line" d="\(path)" vector-effect="non-scaling-stroke"/>\
            <line class="axis" x1="0" x2="\(width)" y1="59.5" y2="59.5"/></svg></div>\
            \(Axis(starts: starts).html)</figure>
            """
    }
}

/// The times below a chart: first, middle, last.
private struct Axis {
    let starts: [Timestamp]

    var html: HTML {
        guard let first = starts.first, let last = starts.last else { return .none }
        let middle = starts[starts.count / 2]
        return """
            <div class="ticks" aria-hidden="true"><span>\(first.hourAndMinute)</span>\
            <span>\(middle.hourAndMinute)</span><span>\(last.hourAndMinute)</span></div>
            """
    }
}

extension Double {
    /// A coordinate: two decimals are finer than any screen.
    var svg: String {
        let hundredths = Int((self * 100).rounded())
        return hundredths % 100 == 0
            ? String(hundredths / 100) : String(Double(hundredths) / 100)
    }
}
