/// How many calls may be in flight: at most what the operator set; half as many each time the org
/// says there are too many, and one more for each four rounds of calls that went well: what fills
/// the org's places lasts, and each try that comes too early is a call refused.
struct ConcurrencyLimit: Equatable {
    /// The operator's number, 1 or more.
    var most: Int {
        didSet { current = min(current, Double(most)) }
    }
    private var current: Double

    init(most: Int) {
        self.most = most
        current = Double(most)
    }

    /// Calls that may be in flight now.
    var limit: Int { max(1, Int(current)) }

    mutating func shrink() { current = max(1, current / 2) }

    mutating func grow() { current = min(Double(most), current + 1 / (4 * current)) }
}
