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
    /// It matches this contact by a duplicate rule that warns, or that blocks.
    case duplicateOf(contactID: String, blocks: Bool = false)
    /// Every call that contains it runs into a governor limit as a whole.
    case poison
}
