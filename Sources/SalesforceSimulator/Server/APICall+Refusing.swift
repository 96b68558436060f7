extension APICall {
    /// A refusal in the words of the door that was used. What the org's own code ran into comes
    /// from an Apex action as the action's failure, not as the API's.
    func reply(_ refusal: Refusal) -> Reply {
        if refusal.isThrownByApex,
            case .success(.convert(let asks, _, .action(let name))) = operation
        {
            return ActionAnswer(name: name).thrown(refusal.message, inputs: asks.count)
        }
        return dialect.reply(refusal)
    }
}
