/// What makes a lead special; without any it is open and converts at once.
public enum LeadTrait: Hashable, Sendable {
    /// A queue owns it, so that its conversion must name an owner.
    case ownedByQueue
    /// Somebody else converted it before.
    case alreadyConverted
    /// It is in the recycle bin.
    case deleted
    /// Its row is locked for so many tries.
    case lockedFor(times: Int)
    /// The org's own code refuses it, every time, with this message.
    case triggerFailure(String)
    /// It is refused with this code, so many times or for ever.
    case refused(code: String, times: Int = .max)
    /// The Apex action throws for it alone; over SOAP the org's own code refuses it.
    case invocationThrows
    /// Whoever reads it by its id (`composite/sobjects`), alone or among others, gets a 500.
    case retrievalFails
    /// It can be read again.
    case retrievalWorks
    /// It matches this contact by a duplicate rule that warns, or that blocks.
    case duplicateOf(contactID: String, blocks: Bool = false)
    /// It matches these accounts and contacts by a duplicate rule that warns.
    case duplicateOfRecords([String])
    /// Every call that contains it runs into a governor limit as a whole.
    case poison
}
