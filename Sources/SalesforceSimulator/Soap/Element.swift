import Foundation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// An XML element with what a SOAP request can hold.
struct Element {
    var namespace: String
    var name: String
    /// Whether it carries `xsi:nil`.
    var isNil = false
    var text = ""
    var children: [Element] = []

    func first(_ name: String) -> Element? { children.first { $0.name == name } }
}

/// Reads XML into elements, with namespaces and without document types.
final class ElementReader: NSObject, XMLParserDelegate {
    private var open: [Element] = []
    private var root: Element?

    /// The document's root.
    static func read(_ body: [UInt8]) throws(Refusal) -> Element {
        guard !body.isEmpty else { throw .beforeDispatch("Premature end of file.") }
        guard !declaresDocumentType(body) else {
            throw .beforeDispatch("DOCTYPE is not allowed in a SOAP message.")
        }
        let reader = ElementReader()
        let parser = XMLParser(data: Data(body))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), let root = reader.root else {
            throw .beforeDispatch("The request is not well-formed XML, line \(parser.lineNumber).")
        }
        return root
    }

    /// A document type can only stand before the root, so only that part is looked at.
    private static func declaresDocumentType(_ body: [UInt8]) -> Bool {
        let mark = Array("<!DOCTYPE".utf8)
        for place in body.indices where body[place] == UInt8(ascii: "<") {
            if body[place...].starts(with: mark) { return true }
            guard place + 1 < body.count else { return false }
            let next = body[place + 1]
            if next != UInt8(ascii: "?"), next != UInt8(ascii: "!") { return false }
        }
        return false
    }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?, attributes attributeDict: [String: String]
    ) {
        var element = Element(namespace: namespaceURI ?? "", name: elementName)
        if !attributeDict.isEmpty {
            element.isNil = attributeDict.contains {
                $0.key.hasSuffix(":nil") && ($0.value == "true" || $0.value == "1")
            }
        }
        open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += string
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        self.parser(parser, foundCharacters: String(decoding: block, as: UTF8.self))
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?
    ) {
        guard let element = open.popLast() else { return }
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(element)
        }
    }
}

extension Element {
    /// The children's values by name. They must come in the order of `names`, each at most once,
    /// in the partner namespace; a nil or empty optional one is absent.
    func read(_ names: [String], required: Set<String>) throws(Refusal) -> [String: String] {
        var values: [String: String] = [:]
        var next = 0
        for child in children {
            guard child.namespace == SoapRequest.partner,
                let place = names[next...].firstIndex(of: child.name)
            else { throw .misplaced(child) }
            next = place + 1
            guard !child.isNil else {
                guard !required.contains(child.name) else { throw .absent(child.name, in: self) }
                continue
            }
            values[child.name] = child.text
        }
        for name in names where required.contains(name) && values[name] == nil {
            throw .absent(name, in: self)
        }
        return values
    }

    /// One of the values as the schema's boolean.
    func flag(_ name: String, in values: [String: String]) throws(Refusal) -> Bool {
        switch values[name] {
        case "true", "1": true
        case "false", "0": false
        default:
            throw .beforeDispatch("'\(values[name] ?? "")' is not a boolean, in element \(name)")
        }
    }
}

extension Refusal {
    static func misplaced(_ element: Element) -> Refusal {
        .beforeDispatch("Element {\(element.namespace)}\(element.name) invalid at this location")
    }

    static func absent(_ name: String, in element: Element) -> Refusal {
        .beforeDispatch("Required element \(name) missing in \(element.name)")
    }
}
