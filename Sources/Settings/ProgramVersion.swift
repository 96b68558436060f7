import BuildInfo
import Salesforce

/// What `--version` says.
public enum ProgramVersion {
    /// The number alone: `0.1.0`.
    public static var number: String { String(cString: build_version()) }

    /// `leadconvertd 0.1.0 (1a2b3c4), SQLite 3.40.1, Salesforce API 67.0`: the commit is there where
    /// the build was given it.
    /// - Parameter sqlite: The version of SQLite, for programs that use it.
    public static func line(of program: String, sqlite: String) -> String {
        let build = String(cString: build_name())
        return "\(program) \(build), SQLite \(sqlite), Salesforce API \(APIVersion.standard)"
    }
}
