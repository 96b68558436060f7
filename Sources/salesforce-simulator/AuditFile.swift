import Foundation
import SalesforceSimulator

/// The file that the audit is kept in, written whole each time.
struct AuditFile {
    private let path: String

    /// - Throws: `Failure` when the file cannot be made, before anything starts.
    init?(_ path: String?) throws {
        guard let path else { return nil }
        self.path = path
        try write(Audit())
    }

    /// Writes it every few seconds while the simulator runs, so that a kill costs little.
    func keep(_ simulator: Simulator) async throws {
        var written = 0
        while (try? await Task.sleep(for: .seconds(2))) != nil {
            let audit = await simulator.audit()
            guard audit.calls.count + audit.conversions.count > written else { continue }
            try write(audit)
            written = audit.calls.count + audit.conversions.count
        }
    }

    /// Writes it as it stands now.
    func write(_ simulator: Simulator) async throws {
        try write(await simulator.audit())
    }

    private func write(_ audit: Audit) throws {
        do {
            try Data(audit.json).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure("cannot write the audit \(path): \(error.localizedDescription)", 73)
        }
    }
}

/// Why the program ends early: a sentence, and a code of sysexits.h.
struct Failure: Error {
    let sentence: String
    let code: Int32

    init(_ sentence: String, _ code: Int32) {
        self.sentence = sentence
        self.code = code
    }

    init(_ error: SimulatorError) {
        switch error {
        case .cannotListen: self.init("\(error)", 71)
        case .unreadablePublicKey: self.init("\(error)", 65)
        }
    }
}
