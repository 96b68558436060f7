import Foundation
import Storage

/// The person at the command line.
enum CurrentUser {
    /// The user's name: behind `sudo` that of the one who typed it; a number where there is none.
    static var name: String {
        let environment = ProcessInfo.processInfo.environment
        if getuid() == 0, let user = environment["SUDO_USER"], !user.isEmpty { return user }
        guard let entry = getpwuid(getuid()) else { return "uid \(getuid())" }
        return String(cString: entry.pointee.pw_name)
    }
}
