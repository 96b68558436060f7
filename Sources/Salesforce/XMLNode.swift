/// An element of an answer, without its prefix: namespaces differ between the APIs and their
/// versions, the names do not.
final class XMLNode {
    let name: String
    /// Whether it says `xsi:nil="true"`.
    let isNil: Bool
    private(set) var children: [XMLNode] = []
    private(set) var text = ""

    init(name: String, isNil: Bool) {
        self.name = name
        self.isNil = isNil
    }

    /// The first child of that name.
    func child(_ name: String) -> XMLNode? {
        children.first { $0.name == name }
    }

    /// All children of that name, in order.
    func children(_ name: String) -> [XMLNode] {
        children.filter { $0.name == name }
    }

    /// The text of the first child of that name; nil when there is none, or it is nil or empty.
    func text(of name: String) -> String? {
        guard let child = child(name), !child.isNil, !child.text.isEmpty else { return nil }
        return child.text
    }

    func append(_ child: XMLNode) {
        children.append(child)
    }

    func append(_ more: String) {
        text += more
    }
}
