/// Whether, and for how long, the commands of finished batches run.
public struct HookSettings: Equatable, Sendable {
    /// Whether they run at all: whoever may write the queue's file may set them.
    public var isOn: Bool
    /// After how long one is ended, in milliseconds.
    public var timeoutMS: Int64

    /// Settings.
    public init(isOn: Bool, timeoutMS: Int64) {
        self.isOn = isOn
        self.timeoutMS = timeoutMS
    }
}
