public import Foundation

/// Runs `body` with a folder of its own, which is gone afterwards, whatever happens.
/// - Parameter inMemory: Where there is a file system in memory, it is there.
public func withTemporaryFolder<Result>(
    inMemory: Bool = false, _ body: (URL) async throws -> Result
) async throws -> Result {
    let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    let folder = (inMemory && isThere ? memory : FileManager.default.temporaryDirectory)
        .appendingPathComponent("leadconvert-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
        let result = try await body(folder)
        try FileManager.default.removeItem(at: folder)
        return result
    } catch {
        try FileManager.default.removeItem(at: folder)
        throw error
    }
}
