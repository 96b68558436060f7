/// A call to one of the APIs, as far as it could be read.
struct APICall: Sendable {
    var kind: CallKind
    var dialect: Dialect
    /// The API version of the path, as REST writes it into the addresses of records.
    var version: String
    var token: String
    /// What it wants, or why that cannot be had.
    var operation: Result<Operation, Refusal>

    var size: Int { (try? operation.get().size) ?? 0 }
}
