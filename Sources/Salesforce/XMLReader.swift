import NIOCore

/// Reads an answer into a tree, or not at all.
///
/// It is given whatever a server sends and must never do worse than refuse it. On Linux,
/// Foundation's parser does: an element's name that is not UTF-8 brings the process down. What
/// SOAP needs of XML is little enough to be read here: elements, attributes, text, character data.
/// Comments and instructions are skipped; a DOCTYPE, and with it every entity but the five, is
/// refused.
struct XMLReader {
    /// The bytes are not one whole well-formed document in UTF-8, or it is out of proportion.
    struct Malformed: Error {}

    /// SOAP needs 6 levels, a duplicate rule's matches about 12.
    private static let deepest = 40
    /// 100 results need about 1,000 elements, with duplicates some 10,000.
    private static let most = 200_000

    let bytes: [UInt8]
    var position = 0
    private var root: XMLNode?
    private var open: [(node: XMLNode, name: ArraySlice<UInt8>)] = []
    private var count = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The root element, or nil.
    static func read(_ body: ByteBuffer) -> XMLNode? {
        var reader = XMLReader(Array(body.readableBytesView))
        do {
            return try reader.document()
        } catch {
            return nil
        }
    }

    private mutating func document() throws(Malformed) -> XMLNode {
        _ = skip("\u{FEFF}")
        while position < bytes.count { try next() }
        guard let root, open.isEmpty else { throw Malformed() }
        return root
    }

    private mutating func next() throws(Malformed) {
        if bytes[position] != UInt8(ascii: "<") {
            try add(text(of: take { $0 != UInt8(ascii: "<") }))
        } else if skip("</") {
            try endElement()
        } else if skip("<?") {
            _ = try take(through: "?>")
        } else if skip("<!--") {
            _ = try take(through: "-->")
        } else if skip("<![CDATA[") {
            try add(string(take(through: "]]>")))
        } else if skip("<!") {
            throw Malformed()
        } else {
            position += 1
            try startElement()
        }
    }

    /// Text belongs to an element; outside the root there may be only blanks.
    private func add(_ text: String) throws(Malformed) {
        if let node = open.last?.node {
            node.append(text)
        } else if !text.allSatisfy(\.isWhitespace) {
            throw Malformed()
        }
    }

    private mutating func startElement() throws(Malformed) {
        let name = try name()
        var isNil = false
        skipBlanks()
        while let byte = peek(), byte != UInt8(ascii: "/"), byte != UInt8(ascii: ">") {
            let (name, value) = try attribute()
            if name.localPart == "nil" && value.isXMLTrue { isNil = true }
            skipBlanks()
        }
        let isEmpty = skip("/")
        guard skip(">") else { throw Malformed() }
        let node = XMLNode(name: try string(name).localPart, isNil: isNil)
        try add(node)
        if !isEmpty { open.append((node, name)) }
    }

    private mutating func add(_ node: XMLNode) throws(Malformed) {
        count += 1
        guard count <= Self.most, open.count < Self.deepest else { throw Malformed() }
        if let parent = open.last?.node {
            parent.append(node)
        } else if root == nil {
            root = node
        } else {
            throw Malformed()
        }
    }

    private mutating func endElement() throws(Malformed) {
        let name = try name()
        skipBlanks()
        guard skip(">"), open.popLast()?.name == name else { throw Malformed() }
    }
}

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
