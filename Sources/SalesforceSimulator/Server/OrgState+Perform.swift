import Foundation

extension OrgState {
    /// Performs a call and writes its answer.
    mutating func perform(_ call: APICall, _ admission: Admission, at: Date) -> Reply {
        guard case .perform(let operation, let fault) = admission.decision else {
            preconditionFailure("only an admitted call is performed")
        }
        do throws(Refusal) {
            let reply = try reply(to: operation, call, admission, fault, at: at)
            if fault == nil || fault == .lock { sessions.serve(call.token, call.dialect) }
            return reply
        } catch {
            audit.calls[admission.number - 1].refusal = error.code
            return call.dialect.reply(error)
        }
    }

    private mutating func reply(
        to operation: Operation, _ call: APICall, _ admission: Admission, _ fault: Fault?, at: Date
    ) throws(Refusal) -> Reply {
        switch operation {
        case .convert(let requests, let options, let api):
            let results = convert(requests, options, admission, fault, at: at)
            waiters.look(at: audit)
            if fault == .errorAfterCommit { throw .errorAfterCommit(call.dialect) }
            return reply(with: corrupted(results, by: fault), api, fault, at: at)
        case .userInfo:
            return .xml(SoapWriter.userInfo(org, usage: usage(at: at)))
        case .limits:
            return .json(Limits.json(usage(at: at)))
        case .describe:
            return .json(Describe.json(org, call.version))
        case .query(let text, let includesDeleted):
            let query = try Soql(text, includesDeleted: includesDeleted)
            guard !query.names(failingSearches) else { throw .unexpected }
            let json = try query.run(on: org, call.version, from: 0) { next in
                "\(locators.keep(query))-\(next)"
            }
            return .json(json)
        case .morePages(let locator):
            let (query, offset, name) = try locators.find(locator)
            return .json(
                try query.run(on: org, call.version, from: offset) { "\(name)-\($0)" })
        case .record(let entity, let id, let fields):
            return .json(try RecordReader(org, entity, fields, call.version).one(id))
        case .update(let records):
            return .json(.array(corrupted(update(records, admission, at: at), by: fault)))
        case .create(let records):
            return .json(.array(corrupted(create(records, admission, at: at), by: fault)))
        case .retrieve(let entity, let ids, let fields):
            guard !ids.contains(where: failsRetrieval) else { throw .unexpected }
            return .json(.array(try RecordReader(org, entity, fields, call.version).all(ids)))
        }
    }

    private mutating func convert(
        _ requests: [LeadConvert], _ options: ConvertOptions, _ admission: Admission,
        _ fault: Fault?,
        at: Date
    ) -> [LeadConvertResult] {
        requests.enumerated().map { place, request in
            let hasLock = hasLockFault(request)
            let result = org.convert(
                request,
                ConversionCircumstances(
                    options: options, lockedRow: admission.lockedRows[place],
                    hasLockFault: hasLock || fault == .lock, incident: admission.incident,
                    at: at))
            if case .success = result.outcome {
                audit.conversions.append(
                    Audit.Conversion(leadID: result.leadID, at: at, call: admission.number))
            }
            return result
        }
    }

    /// Chance is asked once for each lead, the first time it is tried.
    private mutating func hasLockFault(_ request: LeadConvert) -> Bool {
        guard let rate = configuration.faults[.lock], let id = Identifier(request.leadID),
            let place = org.place(of: id), !org.leads[place].lockFaultIsDrawn
        else { return false }
        org.change(place) { $0.lockFaultIsDrawn = true }
        return chance.happens(.lock, .convert, number: place, rate: rate)
    }

    private func corrupted(
        _ results: [LeadConvertResult], by fault: Fault?
    ) -> [LeadConvertResult] {
        var results = results
        switch fault {
        case .shortResult:
            _ = results.popLast()
        case .wrongLead:
            guard let last = results.popLast() else { break }
            let otherLead = Identifier(.lead, number: 999_999_999).text
            results.append(LeadConvertResult(leadID: otherLead, outcome: last.outcome))
        case .successWithoutIDs:
            results = results.map { result in
                guard case .success(var records) = result.outcome else { return result }
                records.comesWithoutIDs = true
                return LeadConvertResult(leadID: result.leadID, outcome: .success(records))
            }
        default:
            break
        }
        return results
    }

    private func corrupted(_ results: [JSON], by fault: Fault?) -> [JSON] {
        fault == .shortResult ? results.dropLast() : results
    }

    private func failsRetrieval(_ id: String) -> Bool {
        guard let place = Identifier(id).flatMap(org.place) else { return false }
        return org.leads[place].retrievalFails
    }

    private mutating func reply(
        with results: [LeadConvertResult], _ api: Operation.APIKind, _ fault: Fault?, at: Date
    ) -> Reply {
        switch api {
        case .soap: .xml(SoapWriter.converted(results, usage: usage(at: at)))
        case .action(let name):
            ActionAnswer(name: name, writesEmptyStatusCode: fault == .emptyStatusCode)
                .reply(results)
        }
    }
}

extension Refusal {
    /// What Salesforce says when it does not know itself what went wrong.
    fileprivate static let unexpected = Refusal(
        code: "UNKNOWN_EXCEPTION", message: Incident.message(for: "UNKNOWN_EXCEPTION"), status: 500)

    fileprivate static func errorAfterCommit(_ dialect: Dialect) -> Refusal {
        dialect == .rest ? unexpected : bareFault("Server.userException", "internal error")
    }
}
