/// Tests that wait for something to show in the audit.
struct Waiters {
    private struct Waiter {
        var isMet: @Sendable (Audit) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private var waiting: [Int: Waiter] = [:]
    private var cancelled: Set<Int> = []
    private var last = 0

    /// A ticket to wait with, or to give the waiting up with, whichever comes first.
    mutating func ticket() -> Int {
        last += 1
        return last
    }

    mutating func wait(
        _ ticket: Int, for isMet: @escaping @Sendable (Audit) -> Bool, _ audit: Audit,
        _ continuation: CheckedContinuation<Void, Never>
    ) {
        if isMet(audit) || cancelled.remove(ticket) != nil {
            continuation.resume()
        } else {
            waiting[ticket] = Waiter(isMet: isMet, continuation: continuation)
        }
    }

    /// Wakes those whose condition is met now.
    mutating func look(at audit: Audit) {
        for (ticket, waiter) in waiting where waiter.isMet(audit) {
            waiting[ticket] = nil
            waiter.continuation.resume()
        }
    }

    mutating func giveUp(_ ticket: Int) {
        if let waiter = waiting.removeValue(forKey: ticket) {
            waiter.continuation.resume()
        } else {
            cancelled.insert(ticket)
        }
    }

    /// Wakes everybody, when nothing more will come.
    mutating func wakeAll() {
        for waiter in waiting.values { waiter.continuation.resume() }
        waiting = [:]
    }
}
