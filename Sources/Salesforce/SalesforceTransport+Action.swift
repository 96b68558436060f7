import Conversion

extension SalesforceTransport {
    /// Converts through an Apex action of the org's own, the alternative transport.
    func convert(
        _ leads: [LeadConversion], by action: String, allowDuplicates: Bool
    ) async -> CallReply {
        await call(.rest) { session in
            APIRequest(
                url: "\(session.instance)/services/data/v\(version)/actions/custom/apex/\(action)",
                headers: restHeaders(session, contentType: "application/json"),
                body: ActionRequest(leads: leads, allowDuplicates: allowDuplicates).body,
                timeout: settings.callTimeout)
        } read: { response in
            ActionReply.reply(to: leads, from: response)
        }
    }
}
