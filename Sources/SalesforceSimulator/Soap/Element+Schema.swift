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
