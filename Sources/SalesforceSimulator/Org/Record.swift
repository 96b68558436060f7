/// Something that REST can read: fields by name.
protocol Record: Sendable {
    var id: Identifier { get }
    var isDeleted: Bool { get }
    /// The object's fields, always all of them and in the same order.
    var fields: [JSON.Member] { get }
}

extension Record {
    var isDeleted: Bool { false }
}
