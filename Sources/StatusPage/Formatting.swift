import Conversion
import Foundation

// How numbers and times are told to people, everywhere alike.

extension Int {
    /// `1,234,567`.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }

    /// `1 lead`, `1,234 leads`.
    func counted(_ thing: String) -> String { "\(grouped) \(thing)\(self == 1 ? "" : "s")" }
}

extension Double {
    /// As many digits as help: `0.25`, `3.1`, `840`.
    var short: String {
        if self >= 10 { return Int(min(self, 1e15).rounded()).grouped }
        return String(format: self < 1 ? "%.2f" : "%.1f", self)
    }

    /// Seconds as people read them, `45 s`, `12 min`, `3 h 20 min`, `2 d 5 h`: as much as matters of an
    /// estimate.
    public var asDuration: String {
        let seconds = Int(min(max(0, self).rounded(.up), 1e12))
        return switch seconds {
        case ..<90: "\(seconds) s"
        case ..<5400: "\((seconds + 30) / 60) min"
        case ..<172_800: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }
}

extension Int64 {
    /// Milliseconds as people read them: `85 ms`, `3.2 s`, `12 min`.
    var asDuration: String {
        switch self {
        case ..<1000: "\(self) ms"
        case ..<10_000: String(format: "%.1f s", Double(self) / 1000)
        default: (Double(self) / 1000).asDuration
        }
    }
}

extension Timestamp {
    /// `2026-11-22 07:31:48`, of which the page says that it is UTC.
    var readable: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    /// `07:31:48` for one of the same day, else with its date.
    func readable(on day: Timestamp) -> String {
        description.prefix(10) == day.description.prefix(10)
            ? String(description.dropFirst(11).prefix(8)) : readable
    }

    /// `07:31`.
    var hourAndMinute: String { String(description.dropFirst(11).prefix(5)) }
}

extension Timestamp {
    /// A time element: short for the eye, exact for programs and on hover.
    func html(on day: Timestamp) -> HTML {
        "<time datetime=\"\(description)\" title=\"\(description)\">\(readable(on: day))</time>"
    }
}

/// How far long work is, on one line: how much of what, how fast, and how long it still takes.
///
/// 2,000 of 10,000 rows in 4 s are `2,000 of 10,000 rows, 500 a second, 16 s left`.
/// - Parameters:
///   - thing: What is counted: `row`.
///   - total: How many there are in all, as far as that is known.
public func progressLine(
    _ thing: String, _ done: Int, of total: Int?, after time: Duration
) -> String {
    let rate = Double(done) / max(time / .seconds(1), 0.001)
    var line =
        total.map { "\(done.grouped) of \(max($0, done).counted(thing))" } ?? done.counted(thing)
    guard done > 0 else { return line }
    line += ", \(rate.short) a second"
    if let total, total > done { line += ", \((Double(total - done) / rate).asDuration) left" }
    return line
}
