/// A fault that stops a program, told to the person who runs it.
public struct OperatorError: Error, Sendable, CustomStringConvertible {
    /// The exit status that scripts go by.
    public var status: ExitStatus
    /// What is wrong, as one sentence without secrets and without any lead's data.
    public var sentence: String
    /// What to do or to type next.
    public var remedy: String?

    public init(_ status: ExitStatus, _ sentence: String, remedy: String? = nil) {
        self.status = status
        self.sentence = sentence
        self.remedy = remedy
    }

    /// An error of ours as it is; any other is a bug.
    public init(explaining error: any Error) {
        self = error as? OperatorError ?? OperatorError(.internalBug, "\(error)")
    }

    /// Sentence and remedy on one line.
    public var description: String {
        remedy.map { "\(sentence) \($0)" } ?? sentence
    }
}

/// How our programs end: the codes of `sysexits.h`.
public enum ExitStatus: Int32, Sendable {
    case ok = 0
    case usage = 64
    /// Some input was refused; the rest was added.
    case dataRefused = 65
    /// No such file, batch, job or lead.
    case notFound = 66
    /// Salesforce can't be reached.
    case unavailable = 69
    case internalBug = 70
    /// The operating system refused something.
    case systemRefused = 71
    /// The file can't be made.
    case cannotCreate = 73
    /// The file can't be read or written, or is corrupt.
    case inputOutput = 74
    case tryLater = 75
    /// Login or permission refused.
    case permission = 77
    /// Wrong settings.
    case configuration = 78
}

/// `1 job`, `2 jobs`.
public func counted(_ count: Int, _ thing: String) -> String {
    "\(count) \(thing)\(count == 1 ? "" : "s")"
}

extension String {
    /// The text with a blank for each line break and control character: Salesforce's messages have
    /// some, and a terminal obeys others.
    public var onOneLine: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.isControl ? " " : $0 }))
    }
}

extension Unicode.Scalar {
    /// Whether a terminal may obey it rather than show it.
    package var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
