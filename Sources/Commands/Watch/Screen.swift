import Foundation
import Glibc

/// A terminal that is drawn on as a whole, and is as it was before once that ends.
final class Screen {
    struct Size: Equatable {
        var width: Int
        var height: Int
    }

    private var before = termios()
    private let hasInput: Bool
    private var shown: [String] = []
    private var isOpen = false

    /// Whether standard output is a terminal that can be drawn on.
    static var isUsable: Bool {
        let terminal = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return isatty(STDOUT_FILENO) == 1 && !terminal.isEmpty && terminal != "dumb"
    }

    init() {
        hasInput = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0
    }

    /// Its size now; 80 times 24 where it does not tell.
    var size: Size {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else {
            return Size(width: 80, height: 24)
        }
        return Size(width: Int(window.ws_col), height: Int(window.ws_row))
    }

    /// Takes the whole terminal: another page of it, without a cursor, keys at once and unseen.
    func open() throws {
        isOpen = true
        shown = []
        if hasInput {
            var raw = before
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
            withUnsafeMutableBytes(of: &raw.c_cc) { keys in
                keys[Int(VMIN)] = 0
                keys[Int(VTIME)] = 0
            }
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        try write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    }

    /// Gives it back as it was.
    func close() {
        guard isOpen else { return }
        isOpen = false
        try? write("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l")
        if hasInput { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
    }

    /// Draws lines, of which only those are sent that have changed.
    func draw(_ lines: [String], redrawingAll: Bool) throws {
        var text = redrawingAll ? "\u{1B}[2J" : ""
        for (row, line) in lines.enumerated()
        where redrawingAll || row >= shown.count || shown[row] != line {
            text += "\u{1B}[\(row + 1);1H\(line)\u{1B}[K"
        }
        shown = lines
        try write(text)
    }

    private func write(_ text: String) throws {
        let output = Output()
        try output.write(text)
        try output.flush()
    }
}
