public import Foundation
import Glibc

extension FileHandle {
    /// Waits for the next bytes; empty at the end. `availableData` ends the tests when a signal
    /// interrupts it.
    public func nextBytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(fileDescriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            return Array(bytes.prefix(max(0, count)))
        }
    }
}
