public import Conversion
import Foundation

/// A file of settings in the syntax of systemd's `EnvironmentFile=`, which we read ourselves.
///
/// A program's environment can't be changed from outside; a file can, and is read again at a
/// reload. So what stands in the file wins over the environment.
public enum EnvironmentFile {
    /// The environment, with the file's variables in the place of its own.
    /// - Parameter flag: The file's path; without it `LEADCONVERT_ENV_FILE` may name one.
    /// - Throws: 78, with the file's name and what is wrong with it.
    public static func adding(
        to environment: [String: String], flag: String?
    ) throws(OperatorError) -> [String: String] {
        guard let path = flag ?? SettingReader(environment).text("LEADCONVERT_ENV_FILE") else {
            return environment
        }
        do {
            return environment.merging(try variables(path)) { $1 }
        } catch {
            throw OperatorError(.configuration, "\(path): \(error.rule).")
        }
    }

    private static func variables(_ path: String) throws(UnusableFile) -> [String: String] {
        let file = TextFile(path)
        var lines = EnvironmentLines(try file.text())
        let variables = try lines.variables()
        guard variables.keys.contains(where: isSecret), try file.isOpenToOthers() else {
            return variables
        }
        throw UnusableFile(
            rule: "holds a secret, and others than its owner can use it: \(file.closing)")
    }

    private static func isSecret(_ name: String) -> Bool {
        ["_SECRET", "_TOKEN", "_KEY"].contains { name.hasSuffix($0) }
    }
}
