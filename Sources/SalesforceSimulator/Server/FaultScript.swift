/// Faults that were ordered for particular calls.
struct FaultScript {
    private var byNumber: [CallKind: [Int: Fault]] = [:]
    private var upcoming: [CallKind: [Fault]] = [:]
    private var received: [CallKind: Int] = [:]

    mutating func order(_ fault: Fault, forCall number: Int, of kind: CallKind) {
        byNumber[kind, default: [:]][number] = fault
    }

    mutating func order(_ fault: Fault, nextCalls count: Int, of kind: CallKind) {
        upcoming[kind, default: []] += Array(repeating: fault, count: count)
    }

    /// The number of a call among its kind, from 1, and the fault that was ordered for it.
    mutating func next(_ kind: CallKind) -> (number: Int, fault: Fault?) {
        received[kind, default: 0] += 1
        let number = received[kind, default: 1]
        if let fault = byNumber[kind]?.removeValue(forKey: number) { return (number, fault) }
        guard upcoming[kind]?.isEmpty == false else { return (number, nil) }
        return (number, upcoming[kind]?.removeFirst())
    }
}
