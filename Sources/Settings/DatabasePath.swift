/// Where the queue's file is.
public struct DatabasePath: Hashable, Sendable, CustomStringConvertible {
    /// The path.
    public let description: String

    /// The flag's path, else that of `LEADCONVERT_DB`, else `queue.db` in the service's state
    /// directory, else `queue.db` right here.
    public init(flag: String?, environment: [String: String]) {
        let reader = SettingReader(environment)
        if let path = flag ?? reader.text("LEADCONVERT_DB") {
            description = path
        } else if let folder = reader.text("STATE_DIRECTORY")?.split(separator: ":").first {
            description = "\(folder)/queue.db"
        } else {
            description = "./queue.db"
        }
    }
}
