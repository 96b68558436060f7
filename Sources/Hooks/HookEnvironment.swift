import Foundation

/// What a command finds in its environment: of the daemon's own only what every program needs,
/// for the rest holds secrets.
enum HookEnvironment {
    private static let passedOn = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_ALL",
    ]

    static func of(batch: String, queue path: String, results: ResultsFile) -> [String: String] {
        let ours = ProcessInfo.processInfo.environment
        var environment = ours.filter { passedOn.contains($0.key) }
        environment["LEADCONVERT_DB"] = URL(fileURLWithPath: path).path
        environment["LEADCONVERT_BATCH"] = batch
        environment["LEADCONVERT_RESULTS"] = results.path
        return environment
    }
}
