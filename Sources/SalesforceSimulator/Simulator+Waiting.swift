import NIOConcurrencyHelpers

extension Simulator {
    /// Waits until the audit shows something, and gives the audit as it is then.
    ///
    /// It looks after every arrival and every commit, so that a test can stop a client in the
    /// middle of a call without sleeping. It also returns when the simulator stops or the task is
    /// cancelled; the condition may not hold then.
    @discardableResult
    public func wait(until isMet: @escaping @Sendable (Audit) -> Bool) async -> Audit {
        let ticket = server.world.withLockedValue { $0.waiters.ticket() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                server.world.withLockedValue { world in
                    world.waiters.wait(ticket, for: isMet, world.audit, continuation)
                }
            }
        } onCancel: {
            server.world.withLockedValue { $0.waiters.giveUp(ticket) }
        }
        return await audit()
    }
}
