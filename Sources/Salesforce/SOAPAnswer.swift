import Conversion
import NIOCore

/// A SOAP envelope that came back, whatever the HTTP status.
struct SOAPAnswer {
    /// What the body holds.
    enum Body {
        /// The results of `convertLead`, as they stand.
        case results([XMLNode])
        /// The call was refused, as a whole.
        case fault(Reason)
    }

    var body: Body
    /// The org's count from `LimitInfoHeader`, which faults do not carry.
    var usage: OrgUsage?

    /// Reads an envelope; nil when the bytes are none, or hold something else.
    init?(_ bytes: ByteBuffer) {
        guard let envelope = XMLReader.read(bytes), envelope.name == "Envelope",
            let content = envelope.child("Body")?.children.first
        else { return nil }
        switch content.name {
        case "convertLeadResponse": body = .results(content.children("result"))
        case "Fault": body = .fault(Self.reason(of: content))
        default: return nil
        }
        usage = envelope.child("Header").flatMap(Self.usage)
    }

    /// Salesforce's own faults carry code and message in the detail. Those raised before dispatch
    /// have only SOAP's `faultcode`, whose prefix is the sender's choice and is written our way.
    private static func reason(of fault: XMLNode) -> Reason {
        let text = fault.text(of: "faultstring") ?? "The fault carries no text."
        if let detail = fault.child("detail")?.children.first,
            let code = detail.text(of: "exceptionCode")
        {
            return Reason(code, detail.text(of: "exceptionMessage") ?? text)
        }
        let code = (fault.text(of: "faultcode") ?? "Server").localPart
        guard !["Client", "Server", "MustUnderstand", "VersionMismatch"].contains(code) else {
            return Reason("soapenv:\(code)", text)
        }
        let prefix = "\(code): "
        return Reason(code, text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
    }

    private static func usage(in header: XMLNode) -> OrgUsage? {
        let infos = header.children("LimitInfoHeader").flatMap { $0.children("limitInfo") }
        let info = infos.first { $0.text(of: "type") == "API REQUESTS" }
        guard let current = info?.text(of: "current").flatMap(Int.init),
            let limit = info?.text(of: "limit").flatMap(Int.init)
        else { return nil }
        return OrgUsage(current: current, limit: limit)
    }
}
