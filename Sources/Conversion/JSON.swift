/// A JSON value to print: its members keep their order.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number; one that is not finite is printed as null.
    case real(Double)
    case text(String)
    case list([JSON])
    case object([(String, JSON)])
    /// What is JSON already, on one line.
    case encoded(String)

    /// Null, or what `make` makes of the value.
    public static func optional<Value>(_ value: Value?, _ make: (Value) -> JSON) -> JSON {
        value.map(make) ?? .null
    }

    /// A whole number.
    public static func count(_ number: Int) -> JSON {
        .integer(Int64(number))
    }

    /// The value on one line.
    public var line: String {
        switch self {
        case .null: "null"
        case .bool(let bool): String(bool)
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : "null"
        case .text(let text): Self.quoted(text)
        case .list(let elements): "[\(elements.map(\.line).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.map { "\(Self.quoted($0)): \($1.line)" }.joined(separator: ", "))}"
        case .encoded(let line): line
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSON: Decodable {
    /// Any value; the members of an object come in the order of their names.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? value.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Double.self) {
            self = .real(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let members = try? value.decode([String: JSON].self) {
            self = .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        } else {
            self = .list(try value.decode([JSON].self))
        }
    }
}

/// The text of a JSON array, an element a line, piece by piece: it may have a million elements.
public struct JSONArray {
    private let isLive: Bool
    private var isEmpty = true

    /// - Parameter isLive: Whether somebody reads along: then each line ends with its element, and
    ///   not when the next one comes, whose comma it would otherwise wait for.
    public init(isLive: Bool = false) {
        self.isLive = isLive
    }

    /// The text that adds an element to what came before.
    public mutating func adding(_ element: JSON) -> String {
        defer { isEmpty = false }
        let start = isEmpty ? "[\n" : isLive ? "," : ",\n"
        return start + element.line + (isLive ? "\n" : "")
    }

    /// The text that ends it.
    public var end: String { isEmpty ? "[]\n" : isLive ? "]\n" : "\n]\n" }
}
