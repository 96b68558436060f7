/// The command of a batch that has finished: it is to run, or runs.
public struct BatchCommand: Sendable, Equatable {
    /// How a run ended.
    public struct End: Sendable, Equatable {
        /// The status, as a shell tells it.
        public var exit: Int32
        /// What there is to say beside it.
        public var message: String?

        /// An end.
        public init(exit: Int32, _ message: String? = nil) {
            self.exit = exit
            self.message = message
        }
    }

    /// The batch.
    public var batchID: Int64
    /// Its name.
    public var batch: String
    /// The command as it was given; nil when it, or the batch's name, is not UTF-8 or holds a zero
    /// byte.
    public var text: String?
    /// How often it was started so far.
    public var runs: Int64
    /// When it was started for this finish; what was started and has no end was cut off.
    public var startedAt: String?
}
