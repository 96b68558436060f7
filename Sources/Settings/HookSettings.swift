/// Whether, and for how long, the commands of finished batches run.
public struct HookSettings: Equatable, Sendable {
    /// Whether they run at all: whoever may write the queue's file may set them.
    public var isOn: Bool
    /// After how long one is ended, in milliseconds.
    public var timeoutMS: Int64

    init(_ reader: inout SettingReader) {
        let isNamed = reader.environment["LEADCONVERT_HOOKS"] != nil
        let given = reader.optional("LEADCONVERT_HOOKS", rule: "must be on or off") { text in
            ["on": true, "off": false][text.lowercased()]
        }
        // Named without a word, it may have been meant either way: the harmless one is taken.
        isOn = given ?? !isNamed
        timeoutMS = reader.milliseconds(
            "LEADCONVERT_HOOK_TIMEOUT", 1...86_400_000, default: 900_000
        )
    }
}
