import Drain
import Foundation
import Settings

/// What the daemon was told on its command line.
struct Arguments: Sendable {
    var database: String?
    var environmentFile: String?
    var giveUpAfter: String?
    var untilEmpty: Bool

    /// All settings as they are now: what stands in files may have changed since the last time.
    func settings() throws -> DaemonSettings {
        var settings = try DaemonSettings(
            environment: EnvironmentFile.adding(
                to: ProcessInfo.processInfo.environment, flag: environmentFile),
            database: database, giveUpAfter: giveUpAfter)
        settings.drain.untilEmpty = untilEmpty
        return settings
    }
}
