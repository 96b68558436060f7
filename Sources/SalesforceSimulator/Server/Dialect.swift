/// How an API talks: SOAP or REST. They refuse the same things in different words.
enum Dialect: Sendable {
    case soap
    case rest

    /// A refusal as this API says it.
    func reply(_ refusal: Refusal) -> Reply {
        switch self {
        case .soap:
            return .xml(SoapWriter.fault(refusal), status: 500)
        case .rest:
            let message =
                refusal.code == Refusal.invalidSession.code
                ? "Session expired or invalid" : refusal.message
            return .json(
                .array([
                    .object([
                        "message": .string(message),
                        "errorCode": .string(refusal.code ?? "BAD_REQUEST"),
                    ])
                ]), status: refusal.status)
        }
    }
}
