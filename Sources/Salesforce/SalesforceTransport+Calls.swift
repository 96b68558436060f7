public import Conversion
import NIOCore
import NIOHTTP1
import Synchronization

extension SalesforceTransport {
    /// `convertLead`, the one call that changes anything.
    public func convert(
        _ leads: [LeadConversion], _ options: ConvertOptions,
        before latest: ContinuousClock.Instant
    ) async -> Reply<[LeadOutcome]> {
        precondition((1...100).contains(leads.count), "convertLead takes 1...100 leads")
        if case .action(let name) = settings.service {
            return await convert(leads, by: name, options, before: latest)
        }
        return await call(.soap) { session in
            var headers = headers(contentType: "text/xml; charset=UTF-8")
            headers.add(name: "Accept", value: "text/xml")
            headers.add(name: "SOAPAction", value: "\"\"")
            return APIRequest(
                url: "\(session.instance)/services/Soap/u/\(version)", headers: headers,
                body: ConvertLeadRequest(
                    token: session.token, client: settings.clientName, leads: leads,
                    options: options
                ).body,
                timeout: settings.callTimeout, latest: latest)
        } read: { response in
            ConvertLeadReply.reply(to: leads, from: response)
        }
    }

    /// Reads which leads are converted.
    public func verify(_ ids: [RecordID]) async -> Reply<[LeadReading]> {
        precondition((1...2000).contains(ids.count), "a retrieval takes 1...2,000 ids")
        let body = LeadRetrieval.body(ids)
        return await rest(.POST, "\(dataPath)/composite/sobjects/Lead", body: body) { response in
            Reply(response, LeadRetrieval.outcome(of: response, for: ids))
        }
    }

    public func readLimits() async -> Reply<Void> {
        await rest(.GET, "\(dataPath)/limits") { LimitsResponse.reply(from: $0) }
    }

    /// Who we are, and in what form we ask.
    func headers(contentType: String? = nil) -> HTTPHeaders {
        var headers: HTTPHeaders = ["User-Agent": settings.clientName]
        if let contentType { headers.add(name: "Content-Type", value: contentType) }
        return headers
    }

    /// Where the resources of the REST API stand on an instance.
    var dataPath: String { "/services/data/v\(version)" }

    /// A request to the REST API, where the token is in a header.
    func request(
        _ method: HTTPMethod, _ path: String, body: ByteBuffer? = nil, on session: Session,
        timeout: Duration? = nil, before latest: ContinuousClock.Instant? = nil
    ) -> APIRequest {
        var headers = headers(contentType: body == nil ? nil : "application/json")
        headers.add(name: "Accept", value: "application/json")
        headers.add(name: "Authorization", value: "Bearer \(session.token.text)")
        return APIRequest(
            method: method, url: "\(session.instance)\(path)", headers: headers, body: body,
            timeout: timeout ?? settings.readTimeout, latest: latest)
    }

    /// One REST request on a session. With no timeout given it may take as long as a reading.
    func rest<Value>(
        _ method: HTTPMethod, _ path: String, body: ByteBuffer? = nil, timeout: Duration? = nil,
        before latest: ContinuousClock.Instant? = nil, read: (APIResponse) -> Reply<Value>
    ) async -> Reply<Value> {
        await call(
            .rest,
            ask: { request(method, path, body: body, on: $0, timeout: timeout, before: latest) },
            read: read)
    }

    /// One request on a session: what came of it, and what that says of the session.
    func call<Value>(
        _ kind: APIKind, ask: (Session) -> APIRequest, read: (APIResponse) -> Reply<Value>
    ) async -> Reply<Value> {
        guard let session = state.withLock(\.sessionForCalls) else {
            return Reply(.refused(.session, .noSession))
        }
        switch await http.send(ask(session)) {
        case .neverSent(.claimTooOld):
            return Reply(.refused(.late, .claimTooOld))
        case .neverSent(let reason):
            return Reply(.refused(.outage, reason))
        case .lost(let reason, let status):
            return Reply(.unclear(reason), httpStatus: status)
        case .answered(let response):
            return judged(read(response), of: session, at: kind)
        }
    }

    private func judged<Value>(
        _ reply: Reply<Value>, of session: Session, at kind: APIKind
    ) -> Reply<Value> {
        switch reply.outcome {
        case .refused(.session, let reason):
            let (blocker, login) = state.withLock {
                ($0.refused(session, at: kind, now: .now), $0.login)
            }
            var reply = reply
            reply.outcome = .refused(
                blocker, blocker == .permission ? unrecoverable(reason, login) : reason)
            return reply
        case .value:
            state.withLock { $0.succeeded(session, at: kind) }
            return reply
        default:
            return reply
        }
    }

    /// The org's reason, with what can be done about it when logging in again cannot help.
    private func unrecoverable(_ reason: Reason, _ login: SalesforceSettings.Login) -> Reason {
        var unrecoverable = Reason(
            reason.code, reason.message,
            remedy: StatusCodes.remedies[reason.code] ?? remedy(ofRefusedToken: login))
        unrecoverable.mayPass = reason.mayPass
        return unrecoverable
    }

    private func remedy(ofRefusedToken login: SalesforceSettings.Login) -> String {
        if case .accessToken = login {
            return """
                The org refused the given access token, and there is nothing to renew it with. \
                Put a fresh one into SALESFORCE_ACCESS_TOKEN (or its file) and reload.
                """
        }
        let isOpaque =
            settings.service.takesJSONWebTokens
            ? "." : ", and that it does not issue JWT-based access tokens."
        return """
            The org refuses fresh tokens too. Check that the user has API Enabled, and that the \
            app's scopes include api\(isOpaque)
            """
    }
}

extension SalesforceTransport {
    /// Converts through an Apex action of the org's own, the alternative transport.
    func convert(
        _ leads: [LeadConversion], by action: String, _ options: ConvertOptions,
        before latest: ContinuousClock.Instant
    ) async -> Reply<[LeadOutcome]> {
        await rest(
            .POST, "\(dataPath)/actions/custom/apex/\(action)",
            body: ActionRequest(leads: leads, options: options).body,
            timeout: settings.callTimeout, before: latest
        ) { response in
            ActionReply.reply(to: leads, from: response)
        }
    }
}

/// What follows conversions, and reading what came of them.
extension SalesforceTransport {
    public func update(
        _ records: [FieldUpdate], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        precondition((1...200).contains(records.count), "a call sets 1...200 records")
        return await write(
            .PATCH, RecordWrites.body(records), records.map(\.recordID), before: latest)
    }

    public func create(
        _ records: [MarkedRecord], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        precondition((1...200).contains(records.count), "a call makes 1...200 records")
        return await write(
            .POST, RecordWrites.body(records), records.map { _ in nil }, before: latest)
    }

    /// Looks for notes or tasks.
    public func find(_ records: [MarkedRecord]) async -> Reply<[[String]]> {
        precondition((1...100).contains(records.count), "a search takes 1...100 marks")
        let query = MarkQuery.text(records).percentEncoded
        return await rest(.GET, "\(dataPath)/queryAll?q=\(query)") { response in
            Reply(response, MarkQuery.outcome(of: response, for: records))
        }
    }

    private func write(
        _ method: HTTPMethod, _ body: ByteBuffer, _ ids: [String?],
        before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]> {
        await rest(
            method, "\(dataPath)/composite/sobjects", body: body, timeout: settings.callTimeout,
            before: latest
        ) { response in
            var reply = Reply(response, RecordWrites.outcome(of: response, for: ids))
            // Answered to the end by Salesforce, though what it says can't be used.
            if case .unclear(let reason) = reply.outcome {
                reply.isOver = ["SHORT_ANSWER", "WRONG_RECORD"].contains(reason.code)
            }
            return reply
        }
    }
}
