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
