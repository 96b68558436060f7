public import Foundation
import Glibc

/// A program that runs; what it says is kept, however much it is.
public final class RunningProgram: Sendable {
    private struct State: Sendable {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// Streams that are still open.
        var streams = 2
        /// As `waitpid` gave it.
        var status: Int32?
        var isOver: Bool { streams == 0 && status != nil }
    }

    /// Its number.
    public let pid: Int32
    private let name: String
    private let state = Watched(State())

    init(_ spawn: Spawn, name: String, input: String?) throws {
        let child = try spawn.start()
        self.name = name
        pid = child.pid
        let state = state
        Self.read(child.output, state) { $0.output += $1 }
        Self.read(child.errors, state) { $0.errors += $1 }
        Self.write(input ?? "", to: child.input)
        Thread.detachNewThread { [pid] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            state.change { [status] in $0.status = status }
        }
    }

    /// What it said so far on standard output.
    public var output: String { String(decoding: state.value.output, as: UTF8.self) }

    /// What it said so far on standard error.
    public var errors: String { String(decoding: state.value.errors, as: UTF8.self) }

    /// Asks it to stop, as systemd does.
    public func terminate() { send(SIGTERM) }

    /// Ends it without a word, as a power cut does.
    public func kill() { send(SIGKILL) }

    /// Stops it where it is, and returns once it stands still.
    public func freeze() async throws {
        send(SIGSTOP)
        let pid = pid
        try await within(.seconds(400), "\(name) stands still") {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    var info = siginfo_t()
                    while waitid(P_PID, id_t(pid), &info, WSTOPPED | WNOWAIT) < 0, errno == EINTR {}
                    continuation.resume()
                }
            }
        }
    }

    /// Sends a signal, unless it has ended: its number may be another's then.
    public func send(_ signal: Int32) {
        if state.value.status == nil { Glibc.kill(pid, signal) }
    }

    /// Waits until it has said something on standard output or standard error.
    /// - Throws: `TookTooLong`.
    public func waitFor(_ text: String, within limit: Duration = .seconds(400)) async throws {
        let bytes = Array(text.utf8)
        let state = state
        try await TestSupport.within(limit, "\(name) says '\(text)'") {
            try await state.wait { $0.output.contains(bytes) || $0.errors.contains(bytes) }
        }
    }

    /// Waits until it has ended and all that it said is here.
    /// - Throws: `TookTooLong`.
    @discardableResult
    public func waitForExit(within limit: Duration = .seconds(400)) async throws -> ProgramEnd {
        let state = state
        let end = try await TestSupport.within(limit, "\(name) ends") {
            try await state.wait(until: \.isOver)
        }
        let status = end.status ?? 0
        let signal = status & 0x7F
        return ProgramEnd(
            code: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
            output: String(decoding: end.output, as: UTF8.self),
            errors: String(decoding: end.errors, as: UTF8.self))
    }

    // Each stream has a thread, so that no pipe fills up and none waits for another.

    private static func read(
        _ stream: FileHandle, _ state: Watched<State>,
        _ take: @escaping @Sendable (inout State, [UInt8]) -> Void
    ) {
        Thread.detachNewThread {
            while true {
                let bytes = stream.nextBytes()
                guard !bytes.isEmpty else { return state.change { $0.streams -= 1 } }
                state.change { take(&$0, bytes) }
            }
        }
    }

    private static func write(_ input: String, to stream: FileHandle) {
        Thread.detachNewThread {
            // A program that ends without reading all of it says why in its own words.
            try? stream.write(contentsOf: Data(input.utf8))
            try? stream.close()
        }
    }
}

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
