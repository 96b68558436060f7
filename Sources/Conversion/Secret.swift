/// A text that must not be shown: a token, a client secret, a key.
///
/// Whatever prints it, interpolates it or dumps what holds it writes `<redacted>`; the text itself is
/// read only where it is sent or kept.
public struct Secret: Sendable, Equatable {
    /// The text itself.
    package let text: String

    /// Wraps the text as it is, without trimming.
    public init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    /// Always `<redacted>`.
    public var debugDescription: String { description }

    /// Without children, so that `dump` finds nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
