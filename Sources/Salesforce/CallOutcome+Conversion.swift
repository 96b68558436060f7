import Conversion

extension CallOutcome {
    /// What it means for a conversion that Salesforce refused the call as a whole.
    init(refusalOfConversion reason: Reason) {
        self =
            switch StatusCodes.verdict(ofCall: reason) {
            case .refused(let obstacle): .refused(obstacle, reason)
            case .failed: .refused(.callTooLarge, reason)
            case .unclear: .unclear(reason)
            }
    }
}
