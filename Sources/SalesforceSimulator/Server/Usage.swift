/// How much of the daily allowance is used.
struct Usage {
    var used: Int
    var limit: Int
}
