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
