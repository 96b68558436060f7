/// An answer, read whole.
struct Answer {
    var status: UInt
    var headers: [String: String]
    var body: String
}
