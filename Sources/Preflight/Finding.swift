public import Conversion

public struct Finding {
    /// How it looks.
    enum Status: String {
        /// As it should.
        case ok
        /// It works, but somebody should know.
        case warn
        /// It will not work.
        case fail
        /// Not looked at, because something else is in the way.
        case skipped
    }

    /// What was looked at; scripts go by it.
    var name = ""
    let status: Status
    let message: String
    var remedy: String?
    /// The leads it is about, as far as they were found.
    var leads: [RecordID] = []
    /// How the program ends if this is the first that fails.
    var exit = ExitStatus.ok
    /// Why what needs this check can't be looked at, where it did not fail.
    var blocks: String?

    static func ok(_ message: String) -> Finding {
        Finding(status: .ok, message: message)
    }

    static func warn(_ message: String, remedy: String? = nil, blocks: String? = nil) -> Finding {
        Finding(status: .warn, message: message, remedy: remedy, blocks: blocks)
    }

    static func fail(_ exit: ExitStatus, _ message: String, remedy: String) -> Finding {
        Finding(status: .fail, message: message, remedy: remedy, exit: exit)
    }

    static func skipped(because reason: String) -> Finding {
        Finding(status: .skipped, message: "not looked at: \(reason)")
    }
}

extension Finding {
    /// What a fault that stops a program means here.
    init(_ error: OperatorError) {
        self = .fail(
            error.status, error.sentence,
            remedy: error.remedy ?? "Put that right, then: leadconvert check")
    }

    /// A line, and one more with what to do.
    public var text: String {
        let word = status == .fail ? "FAIL" : status == .skipped ? "skip" : status.rawValue
        let line = word.padded(to: 6) + name.padded(to: Self.width) + message.onOneLine + "\n"
        guard let remedy else { return line }
        return line + "".padded(to: 6 + Self.width) + "do: \(remedy.onOneLine)\n"
    }

    /// The finding for programs; `leads` is there only where some are meant.
    public var json: JSON {
        var members: [(String, JSON)] = [
            ("name", .text(name)), ("status", .text(status.rawValue)), ("message", .text(message)),
            ("remedy", .optional(remedy, JSON.text)),
        ]
        if !leads.isEmpty {
            members.append(("leads", .list(leads.map { .text($0.description) })))
        }
        return .object(members)
    }

    private static let width = 15
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    /// The text as a literal of SQL.
    var sqlQuoted: String { "'\(replacing("'", with: "''"))'" }
}
