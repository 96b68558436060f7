/// Holds calls after they have arrived, so that a test can do something while they are in flight.
package struct CallHold {
    /// How many calls of a kind that is held still pass.
    private var passing: [CallKind: Int] = [:]
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Holds calls of this kind, after so many more of them.
    package mutating func hold(_ kind: CallKind, after count: Int) { passing[kind] = count }

    /// Lets all calls pass, those that wait and those to come.
    package mutating func release() {
        passing = [:]
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    mutating func pass(_ kind: CallKind, _ continuation: CheckedContinuation<Void, Never>) {
        switch passing[kind] {
        case nil: continuation.resume()
        case 0?: waiting.append(continuation)
        case let left?:
            passing[kind] = left - 1
            continuation.resume()
        }
    }
}
