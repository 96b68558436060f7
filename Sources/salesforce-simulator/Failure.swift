import SalesforceSimulator

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
