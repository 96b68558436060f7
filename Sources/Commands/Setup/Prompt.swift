import Conversion
import Foundation
import Glibc

/// Questions on a terminal: asked on standard error, answered on standard input.
struct Prompt {
    /// Whether somebody sits there to answer.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && StandardError.isTerminal }

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

    /// Asks for a secret, which is not shown; empty where Enter alone was given.
    func secret(_ question: String) throws(OperatorError) -> String {
        StandardError.write("\(question) (not shown): ")
        return try HiddenInput().line()
    }

    /// - Throws: 64 at the end of the input.
    private func line() throws(OperatorError) -> String {
        var bytes: [UInt8] = []
        while true {
            let byte = try nextByte()
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}

/// The next byte of standard input, and no more: what was typed ahead is left for the next question.
/// - Throws: 64 at the end of the input.
private func nextByte() throws(OperatorError) -> UInt8 {
    var byte: UInt8 = 0
    while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 1 { return byte }
        guard count < 0, errno == EINTR else { throw .unanswered }
    }
}

/// A line that is typed without being shown. Keys come one by one meanwhile, Ctrl-C too, so that
/// whatever ends it, the terminal is as it was before.
private final class HiddenInput {
    private var before = termios()
    private var termination: (any DispatchSourceSignal)?

    init() {
        tcgetattr(STDIN_FILENO, &before)
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        withUnsafeMutableBytes(of: &hidden.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        catchTermination()
        tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden)
    }

    deinit {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
        termination?.cancel()
        signal(SIGTERM, SIG_DFL)
        StandardError.write("\n")
    }

    private func catchTermination() {
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(
            signal: SIGTERM, queue: DispatchQueue(label: "leadconvert.prompt"))
        source.setEventHandler { @Sendable [before] in
            var before = before
            tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
            _exit(128 + SIGTERM)
        }
        source.activate()
        termination = source
    }

    func line() throws(OperatorError) -> String {
        var bytes: [UInt8] = []
        while true {
            let key = try nextByte()
            switch key {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return String(decoding: bytes, as: UTF8.self)
            case 3: interrupt()
            case 4 where bytes.isEmpty: throw .unanswered
            case 8, 127: _ = bytes.popLast()
            case 21: bytes.removeAll()
            case 0..<32: continue
            default: bytes.append(key)
            }
        }
    }

    /// As Ctrl-C ends a program that shows what is typed.
    private func interrupt() -> Never {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
        StandardError.write("\n")
        Foundation.exit(128 + SIGINT)
    }
}

extension OperatorError {
    fileprivate static let unanswered = OperatorError(
        .usage, "The input ended before all was answered; nothing was written.",
        remedy: "Every question has a flag: leadconvert setup --help")
}
