import Conversion

extension CallOutcome {
    /// What it means for a conversion that Salesforce refused the call as a whole.
    init(refusalOfConversion reason: Reason) {
        self =
            switch StatusCodes.codeClass(ofCall: reason) {
            case .refused(let obstacle):
                .refused(obstacle, StatusCodes.explained(reason, obstacle))
            case .failed: .refused(.callTooLarge, StatusCodes.marked(reason))
            case .tookTooLong: .unclear(reason)
            }
    }

    /// What it means for a reading. It changes nothing, so what is not a plain refusal is simply
    /// asked again.
    init(refusalOfReading reason: Reason) {
        self =
            switch StatusCodes.codeClass(ofCall: reason) {
            case .refused(let obstacle):
                .refused(obstacle, StatusCodes.explained(reason, obstacle))
            case .failed: .unclear(reason)
            case .tookTooLong: .refused(.callTooLarge, reason)
            }
    }
}

extension StatusCodes {
    fileprivate static func marked(_ reason: Reason) -> Reason {
        var reason = reason
        reason.isListed = ofCalls[reason.code] != nil
        return reason
    }
}
