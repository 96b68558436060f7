import Conversion

/// Lines, bars and columns of a terminal.
extension TerminalView {
    enum Ink {
        case plain, strong, quiet, good, bad, warn, calm

        init(_ kind: String) {
            self =
                switch kind {
                case "converted": .good
                case "failed": .bad
                case "retried": .warn
                case "flight", "queued": .calm
                default: .quiet
                }
        }

        var code: String {
            switch self {
            case .plain: "0"
            case .strong: "1"
            case .quiet: "2"
            case .good: "32"
            case .bad: "31"
            case .warn: "33"
            case .calm: "36"
            }
        }
    }

    struct Piece {
        var text: String
        var ink: Ink

        init(_ text: String, _ ink: Ink = .plain) {
            self.text = text
            self.ink = ink
        }
    }

    /// One line, cut to the window, with something at its right end if it fits.
    func line(_ pieces: [Piece], right: String = "") -> String {
        var left = width
        var text = ""
        for piece in pieces where left > 0 {
            let cut = Self.cut(piece.text, left)
            left -= Self.columns(cut)
            text += inked(cut, piece.ink)
        }
        guard !right.isEmpty, Self.columns(right) < left else { return text }
        return text + String(repeating: " ", count: left - Self.columns(right))
            + inked(right, .quiet)
    }

    func labelled(_ label: String, _ pieces: [Piece], _ words: String) -> String {
        line(
            [.init(Self.padded(label, Self.labels, isLeft: true), .quiet)] + pieces
                + [.init(pieces.isEmpty ? words : "  \(words)")])
    }

    private func inked(_ text: String, _ ink: Ink) -> String {
        style.hasColour && ink.code != "0" && !text.isEmpty
            ? "\u{1B}[\(ink.code)m\(text)\u{1B}[0m" : text
    }

    func bar(_ parts: [(value: Double, ink: Ink)], of most: Double, width: Int) -> [Piece] {
        let width = max(1, width)
        var used = 0
        var sum = 0.0
        var pieces: [Piece] = []
        for (value, ink) in parts {
            sum += value
            // What is there can be seen, and the whole is only full when it is.
            var end = Int((Double(width) * min(1, sum / most)).rounded(.down))
            if value > 0, end == used, used < width { end = used + 1 }
            pieces.append(
                .init(
                    String(repeating: style.isUnicode ? "█" : "#", count: max(0, end - used)), ink))
            used = max(used, end)
        }
        let rest = String(repeating: style.isUnicode ? "░" : ".", count: max(0, width - used))
        return pieces + [.init(rest, .quiet)]
    }

    /// What was settled in each of the last minutes.
    func sparkline(width: Int) -> String {
        let steps = style.isUnicode ? Array("▁▂▃▄▅▆▇█") : Array("_.-=+*%#")
        let values = snapshot.activity.spans(of: 1, count: max(1, width), until: snapshot.at)
            .map { $0.1.converted + $0.1.failed }
        let most = max(1, values.max() ?? 1)
        return String(
            values.map { value in
                value == 0 ? " " : steps[min(7, value * 8 / (most + 1))]
            })
    }

    static func padded(_ text: String, _ width: Int, isLeft: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - columns(text)))
        return isLeft ? text + space : space + text
    }

    /// Without control characters and marks of direction, which a terminal obeys.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.isControl || scalar.properties.isBidiControl ? " " : scalar
                }))
    }

    static func cut(_ text: String, _ width: Int) -> String {
        guard columns(text) > width else { return text }
        var kept = ""
        var left = width
        for character in text {
            left -= columns(character)
            guard left >= 0 else { break }
            kept.append(character)
        }
        return kept
    }

    private static func columns(_ text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + columns($1) }
    }

    /// East Asian characters and emoji take two columns.
    private static func columns(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        return switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }
}
