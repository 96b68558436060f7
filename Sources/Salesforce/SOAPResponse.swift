import Conversion
import NIOCore

/// A SOAP envelope that came back, whatever the HTTP status.
struct SOAPResponse {
    /// What the body holds.
    enum Body {
        /// The results of `convertLead`, as they stand.
        case results([XMLNode])
        /// Salesforce refused the call, as a whole.
        case fault(Reason)
        /// Somebody between us and Salesforce broke off, or Salesforce itself below its API: this
        /// says nothing of what the call did.
        case foreignFault(Reason)
    }

    var body: Body
    /// The org's count from `LimitInfoHeader`, which faults do not carry.
    var usage: OrgUsage?

    /// Reads an envelope; nil when the bytes are none, or hold something else.
    init?(_ bytes: ByteBuffer) {
        guard let envelope = XMLReader.read(bytes), envelope.name == "Envelope",
            let content = envelope.child("Body")?.children().first
        else { return nil }
        switch content.name {
        case "convertLeadResponse": body = .results(content.children("result"))
        case "Fault": body = Self.fault(content)
        default: return nil
        }
        usage = envelope.child("Header").flatMap(Self.usage)
    }

    /// Salesforce's own faults carry code and message in the detail. Without it, only that is
    /// believed which can come from nowhere but before the call was carried out.
    private static func fault(_ fault: XMLNode) -> Body {
        let text = fault.text(of: "faultstring") ?? "The fault carries no text."
        if let detail = fault.child("detail")?.children().first,
            let code = detail.text(of: "exceptionCode")
        {
            return .fault(Reason(code, detail.text(of: "exceptionMessage") ?? text))
        }
        let code = (fault.text(of: "faultcode") ?? "Server").localPart
        switch code {
        case "INVALID_SESSION_ID":
            let prefix = "\(code): "
            return .fault(
                Reason(code, text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text))
        case "MustUnderstand", "VersionMismatch":
            return .fault(Reason("soapenv:\(code)", text))
        // Gateways say "Client" of their own failures, too; these are the dispatcher's sentences.
        case "Client" where beforeDispatch.contains(where: text.hasPrefix):
            return .fault(Reason("soapenv:\(code)", text))
        // The parser's: one lead may have an element that this version of the API lacks.
        case "Client" where text.contains("invalid at this location"):
            return .fault(Reason("XML_PARSER_ERROR", text))
        default:
            return .foreignFault(Reason("soapenv:\(code)", text))
        }
    }

    private static let beforeDispatch = ["No operation available for request", "Premature end of"]

    private static func usage(in header: XMLNode) -> OrgUsage? {
        let infos = header.children("LimitInfoHeader").flatMap { $0.children("limitInfo") }
        let info = infos.first { $0.text(of: "type") == "API REQUESTS" }
        guard let current = info?.text(of: "current").flatMap(Int.init),
            let limit = info?.text(of: "limit").flatMap(Int.init)
        else { return nil }
        return OrgUsage(reported: current, of: limit)
    }
}

extension String {
    /// The name behind the prefix: `sf:exceptionCode` is `exceptionCode`.
    fileprivate var localPart: String {
        guard let colon = utf8.lastIndex(of: UInt8(ascii: ":")) else { return self }
        return String(self[utf8.index(after: colon)...])
    }
}
