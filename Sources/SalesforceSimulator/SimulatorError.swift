/// Why a simulator could not start.
public enum SimulatorError: Error, CustomStringConvertible {
    /// Nobody may listen there: the port is taken or not ours to take.
    case cannotListen(port: Int, reason: String)
    /// The public key is not an RSA key in PEM.
    case unreadablePublicKey

    /// What is wrong, and what can be done.
    public var description: String {
        switch self {
        case .cannotListen(let port, let reason):
            "cannot listen on 127.0.0.1:\(port): \(reason); --port 0 picks a free port"
        case .unreadablePublicKey:
            "the public key is not an RSA key of 2048 bits or more in PEM"
        }
    }
}
