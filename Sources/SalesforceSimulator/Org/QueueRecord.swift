/// A queue, which can own leads but nothing that comes of them.
struct QueueRecord: Record {
    var id: Identifier
    var name: String

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("Type", .string("Queue")),
        ]
    }
}
