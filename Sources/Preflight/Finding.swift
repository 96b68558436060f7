public import Conversion
public import Storage

/// What one look found.
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
    let name: String
    let status: Status
    /// What was found.
    let message: String
    /// What to do next.
    var cure: String?
    /// The leads it is about, as far as they were found.
    var leads: [RecordID] = []
    /// How the program ends if this is the first that fails.
    var exit = ExitStatus.ok

    static func ok(_ name: String, _ message: String) -> Finding {
        Finding(name: name, status: .ok, message: message)
    }

    static func warn(_ name: String, _ message: String, cure: String? = nil) -> Finding {
        Finding(name: name, status: .warn, message: message, cure: cure)
    }

    static func fail(
        _ name: String, _ exit: ExitStatus, _ message: String, cure: String
    ) -> Finding {
        Finding(name: name, status: .fail, message: message, cure: cure, exit: exit)
    }

    static func skipped(_ name: String, because reason: String) -> Finding {
        Finding(name: name, status: .skipped, message: "not looked at: \(reason)")
    }

    /// What a fault that stops a program means here.
    public init(_ name: String, _ error: OperatorError) {
        self.init(
            name: name, status: .fail, message: error.sentence,
            cure: error.remedy ?? "Mend that, then: leadconvert check", exit: error.status)
    }

    private init(
        name: String, status: Status, message: String, cure: String? = nil,
        exit: ExitStatus = .ok
    ) {
        self.name = name
        self.status = status
        self.message = message
        self.cure = cure
        self.exit = exit
    }
}

extension Finding {
    /// A line, and one more with what to do.
    public var text: String {
        let word = status == .fail ? "FAIL" : status == .skipped ? "skip" : status.rawValue
        let line = word.padded(to: 6) + name.padded(to: Self.width) + message.onOneLine + "\n"
        guard let cure else { return line }
        return line + "".padded(to: 6 + Self.width) + "do: \(cure.onOneLine)\n"
    }

    /// The finding for programs; `leads` is there only where some are meant.
    public var json: JSON {
        var members: [(String, JSON)] = [
            ("name", .text(name)), ("status", .text(status.rawValue)), ("message", .text(message)),
            ("cure", .optional(cure, JSON.text)),
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
}
