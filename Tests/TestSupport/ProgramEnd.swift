/// How a program ended, and all that it said.
public struct ProgramEnd: Sendable {
    /// Its exit code; nil when a signal ended it.
    public var code: Int32?
    /// The signal that ended it, if one did.
    public var signal: Int32?
    /// Its standard output.
    public var output: String
    /// Its standard error.
    public var errors: String
}
