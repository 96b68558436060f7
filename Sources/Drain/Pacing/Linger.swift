/// How long a call that is not full waits for more leads.
///
/// A call costs the org the same with one lead as with a hundred, and a wait costs a person time. So
/// nothing waits while tokens are plentiful, and the fewer are left, the longer a lead that has just
/// come due waits for others.
struct Linger: Equatable {
    /// The longest wait, in milliseconds.
    static let longestMS: Int64 = 1000
    /// Tokens are plentiful while so much of the bucket is full: the rest is kept for full calls.
    static let plenty = 0.5

    /// What the operator set, in milliseconds; nil leaves it to the bucket.
    var fixedMS: Int64?

    /// The wait in milliseconds, from when the first of the leads came due.
    ///
    /// Of a bucket of 5,000: nothing down to 2,500 tokens, 200 ms at 2,000, half a second at 1,250, and a
    /// second once it is empty. While leads are being converted it is always a second: the answer comes
    /// soon, and other leads come due meanwhile.
    func milliseconds(tokens: Double, of capacity: Double, isConverting: Bool) -> Int64 {
        if let fixedMS { return fixedMS }
        guard !isConverting else { return Self.longestMS }
        let missing = 1 - max(0, tokens) / capacity / Self.plenty
        return Int64((Double(Self.longestMS) * max(0, missing)).rounded())
    }
}
