public import Conversion
import Foundation

/// A file of settings that a program changes: comments, order and what it does not know stay as
/// they are.
public struct SettingsFile {
    public let path: String
    /// What it says now.
    public private(set) var variables: [String: String]
    /// The file as it would be written.
    public private(set) var text: String
    public let exists: Bool

    /// Reads a file; one that is not there says nothing.
    /// - Throws: 78, with what is wrong with it.
    public init(_ path: String) throws(OperatorError) {
        self.path = path
        exists = FileManager.default.fileExists(atPath: path)
        do {
            text = exists ? try TextFile(path).text() : ""
            var lines = EnvironmentLines(text)
            variables = try lines.variables()
        } catch {
            throw OperatorError(.configuration, "\(path): \(error.rule).")
        }
    }

    /// Sets a variable where it stands, or at the end; nil takes it out.
    public mutating func set(_ name: String, to value: String?) {
        guard variables[name] != value else { return }
        variables[name] = value
        var lines = EnvironmentLines(text)
        // What was read once can be read again: nothing but whole assignments is changed.
        guard let places = try? lines.assignments().filter({ $0.name == name }).map(\.range) else {
            preconditionFailure("The settings were read before.")
        }
        let line = value.map { "\(name)=\(Self.quoted($0))\n" }
        for (number, place) in places.enumerated().reversed() {
            text.unicodeScalars.replaceSubrange(
                place, with: (number == 0 ? line ?? "" : "").unicodeScalars)
        }
        if places.isEmpty, let line {
            text += (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line
        }
    }

    /// A value as systemd and we read it back.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && !"\"'\\`$#;".unicodeScalars.contains($0)
        }
        guard !isPlain else { return value }
        let escaped = value.reduce(into: "") { text, character in
            if "\"\\`$".contains(character) { text.append("\\") }
            text.append(character)
        }
        return "\"\(escaped)\""
    }
}
