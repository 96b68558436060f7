/// A text that must not be printed: it shows itself only where that is asked for by name.
public struct SecretText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The text itself, for the request that needs it and for nothing else.
    public let revealed: String

    /// Hides a text.
    public init(_ text: String) {
        revealed = text
    }

    /// No part of the text.
    public var description: String { "(secret)" }

    /// No part of the text.
    public var debugDescription: String { description }

    /// No part of the text: `dump` and string interpolation of an enclosing type end here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
