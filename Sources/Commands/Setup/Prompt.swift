import Conversion
import Foundation
import Glibc

/// Questions on a terminal: asked on standard error, answered on standard input.
struct Prompt {
    /// Whether somebody sits there to answer.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && StandardError.isTerminal }

    /// What has been done so far, for who ends the input.
    var state = "nothing was written"

    /// Asks for a line; the answer in brackets is the one that Enter alone gives.
    func ask(_ question: String, default standard: String? = nil) throws(OperatorError) -> String {
        while true {
            let known = standard.flatMap { $0.isEmpty ? nil : " [\($0)]" } ?? ""
            StandardError.write("\(question)\(known): ")
            let answer = try line().trimmingCharacters(in: .whitespaces)
            if let given = answer.isEmpty ? standard : answer { return given }
        }
    }

    /// Asks until `read` makes something of the answer, and says what was wrong with the others.
    func ask<Value>(
        _ question: String, default standard: String? = nil, rule: String,
        _ read: (String) -> Value?
    ) throws(OperatorError) -> Value {
        while true {
            if let value = read(try ask(question, default: standard)) { return value }
            StandardError.write("  It \(rule).\n")
        }
    }

    /// Asks for one of several, by number or by name.
    func choose(
        _ question: String, of choices: [(name: String, about: String)], default standard: String?
    ) throws(OperatorError) -> String {
        StandardError.write("\(question):\n")
        for (number, choice) in choices.enumerated() {
            let about = choice.about.isEmpty ? "" : "  \(choice.about)"
            StandardError.write("  \(number + 1)  \(choice.name)\(about)\n")
        }
        return try ask("Number", default: standard, rule: "must be from 1 to \(choices.count)") {
            answer in
            if let number = Int(answer) {
                return choices.indices.contains(number - 1) ? choices[number - 1].name : nil
            }
            return choices.first { $0.name == answer }?.name
        }
    }

    /// Asks for a yes; Enter alone is a no.
    func confirm(_ question: String) throws(OperatorError) -> Bool {
        StandardError.write("\(question) [y/N] ")
        return ["y", "yes"].contains(try line().trimmingCharacters(in: .whitespaces).lowercased())
    }

    /// Bytes of a line at which the kernel cuts it off, without a word.
    private static let longestLine = 4095

    /// Asks for a secret, which is not shown; empty where Enter alone was given.
    func secret(_ question: String) throws(OperatorError) -> String {
        try HiddenInput.during { () throws(OperatorError) in
            StandardError.write("\(question) (not shown): ")
            let secret = try line()
            guard secret.utf8.count < Self.longestLine else {
                throw OperatorError(
                    .usage, "That is longer than a line at a terminal can be; \(state).",
                    remedy: "Put it into a file, and give that: leadconvert setup --help")
            }
            return secret
        }
    }

    /// - Throws: 64 at the end of the input.
    private func line() throws(OperatorError) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        // Byte by byte: what was typed ahead is left for the next question.
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count == 1, byte == UInt8(ascii: "\n") {
                return String(decoding: bytes, as: UTF8.self)
            }
            if count == 1 { bytes.append(byte) }
            guard count == 1 || count < 0 && errno == EINTR else {
                throw OperatorError(
                    .usage, "The input ended before all was answered; \(state).",
                    remedy: "Every question has a flag: leadconvert setup --help")
            }
        }
    }
}

/// Input that is not shown. The kernel edits its line as any other.
private enum HiddenInput {
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    /// The terminal as it was, for a signal's handler, which can be handed nothing. Written before
    /// there is one.
    nonisolated(unsafe) private static var before = termios()

    /// Runs `body` while nothing that is typed is shown. Whatever ends it, a signal too, leaves the
    /// terminal as it was.
    static func during<Result>(
        _ body: () throws(OperatorError) -> Result
    ) throws(OperatorError) -> Result {
        tcgetattr(STDIN_FILENO, &before)
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // A Ctrl-Z, which does nothing here, would take what was typed with it.
        hidden.c_lflag |= tcflag_t(NOFLSH)
        for number in endings {
            signal(number) { number in
                HiddenInput.end()
                _exit(128 + number)
            }
        }
        // Who stops the program finds a shell that shows nothing either.
        signal(SIGTSTP, SIG_IGN)
        tcsetattr(STDIN_FILENO, TCSANOW, &hidden)
        defer {
            end()
            for number in endings + [SIGTSTP] { signal(number, SIG_DFL) }
        }
        return try body()
    }

    /// Only what a signal's handler may do. The line's end was not shown.
    private static func end() {
        var before = before
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
        _ = write(STDERR_FILENO, "\n", 1)
    }
}
