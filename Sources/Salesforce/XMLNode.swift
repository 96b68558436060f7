/// An element of an answer, without its prefix: namespaces differ between the APIs and their
/// versions, the names do not.
struct XMLNode {
    private let document: XMLDocument
    private let index: Int

    /// The root.
    init(_ document: XMLDocument) {
        self.init(document, 0)
    }

    private init(_ document: XMLDocument, _ index: Int) {
        self.document = document
        self.index = index
    }

    var name: String { String(decoding: document.bytes[element.name], as: UTF8.self) }
    /// Whether it says `xsi:nil="true"`.
    var isNil: Bool { element.isNil }
    /// What stands in it, its descendants' texts included.
    var text: String { String(decoding: document.text[element.text], as: UTF8.self) }

    private var element: XMLDocument.Element { document.elements[index] }

    /// All children, or those of that name, in order.
    func children(_ name: StaticString? = nil) -> [XMLNode] {
        var children: [XMLNode] = []
        var child = index + 1
        while child < element.end {
            if name.map({ document.isNamed($0, child) }) ?? true {
                children.append(XMLNode(document, child))
            }
            child = document.elements[child].end
        }
        return children
    }

    /// The first child of that name.
    func child(_ name: StaticString) -> XMLNode? {
        var child = index + 1
        while child < element.end {
            if document.isNamed(name, child) { return XMLNode(document, child) }
            child = document.elements[child].end
        }
        return nil
    }

    /// The text of the first child of that name; nil when there is none, or it is nil or empty.
    func text(of name: StaticString) -> String? {
        guard let child = child(name), !child.isNil, !child.element.text.isEmpty else { return nil }
        return child.text
    }
}

/// A whole answer, as `XMLReader` has read it: two arrays, however many elements there are.
final class XMLDocument {
    struct Element {
        /// Where its name stands in the bytes, without the prefix.
        var name: Range<Int>
        var isNil = false
        /// Where its text, its descendants' included, stands in the texts.
        var text: Range<Int>
        /// The index behind its last descendant.
        var end: Int
    }

    let bytes: [UInt8]
    /// The texts of all elements one behind the other, with their references resolved.
    let text: [UInt8]
    /// In the order in which they begin.
    let elements: [Element]

    init(bytes: [UInt8], text: [UInt8], elements: [Element]) {
        self.bytes = bytes
        self.text = text
        self.elements = elements
    }

    func isNamed(_ name: StaticString, _ index: Int) -> Bool {
        bytes.hold(name, at: elements[index].name)
    }
}

extension [UInt8] {
    /// Whether a text, and no more, stands at a place.
    func hold(_ text: StaticString, at place: Range<Int>) -> Bool {
        guard place.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<place.count
        where self[place.lowerBound + offset] != text.utf8Start[offset] {
            return false
        }
        return true
    }
}
