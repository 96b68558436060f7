public import Conversion
import NIOCore
import NIOHTTP1
import Synchronization

// Requests that change nothing and are sent for an operator, not by the drain. Each is one, or none
// without a session.

extension SalesforceTransport {
    /// The host that hands out tokens.
    public var loginHostName: String { loginHost.description }

    /// The org's own host; nil before a login.
    public var instanceName: String? { state.withLock { $0.session?.instance.description } }

    /// The versions of the API that a host serves, oldest first. It takes no login, costs nothing,
    /// and shows whether the host can be reached and what its clock shows.
    /// - Parameter host: `loginHostName` or `instanceName`.
    public func readVersions(of host: String) async -> Reply<[String]> {
        struct Version: Decodable {
            var version: String
        }
        let request = APIRequest(
            method: .GET, url: "\(host)/services/data/", headers: headers(),
            timeout: settings.readTimeout)
        return Reply(await http.send(request)) { response in
            .json(response, [Version].self) { $0.map(\.version) }
        }
    }

    /// Who our token belongs to. Asked through SOAP, the API that conversions take: a token that
    /// is welcome at REST alone shows here.
    public func readUser() async -> Reply<OrgUser> {
        await call(.soap) { session in
            var headers = headers(contentType: "text/xml; charset=UTF-8")
            headers.add(name: "SOAPAction", value: "\"\"")
            return APIRequest(
                url: "\(session.instance)/services/Soap/u/\(version)", headers: headers,
                body: UserInfo.request(token: session.token, client: settings.clientName),
                timeout: settings.readTimeout)
        } read: { response in
            Reply(response, UserInfo.outcome(of: response))
        }
    }

    /// Whether the user has the permission Convert Leads, by whatever profile or permission set.
    /// Source: Object Reference, UserPermissionAccess; every user sees its own row.
    public func readConvertLeadsPermission() async -> Reply<Bool> {
        struct Access: Decodable {
            enum CodingKeys: String, CodingKey {
                case convertsLeads = "PermissionsConvertLeads"
            }

            var convertsLeads: Bool
        }
        return await select("PermissionsConvertLeads FROM UserPermissionAccess", Access.self) {
            $0.first?.convertsLeads
        }
    }

    /// What the user may do with these objects; one that it can't see is left out.
    /// Source: REST API Developer Guide, "Describe Global".
    public func readRights(on objects: [String]) async -> Reply<[ObjectRights]> {
        struct Description: Decodable {
            struct Object: Decodable {
                var name: String
                var createable: Bool
                var updateable: Bool
            }

            var sobjects: [Object]
        }
        return await get("sobjects") { response in
            .json(response, Description.self) { description in
                description.sobjects.filter { objects.contains($0.name) }.map {
                    ObjectRights(
                        name: $0.name, canCreate: $0.createable, canEdit: $0.updateable)
                }
            }
        }
    }

    /// The statuses with which a lead can be converted, in the org's order.
    public func readConvertedStatuses() async -> Reply<[ConvertedStatus]> {
        struct Status: Decodable {
            enum CodingKeys: String, CodingKey {
                case label = "MasterLabel"
                case apiName = "ApiName"
            }

            var label: String
            var apiName: String?
        }
        let query =
            "MasterLabel, ApiName FROM LeadStatus WHERE IsConverted = true ORDER BY SortOrder"
        return await select(query, Status.self) { statuses in
            statuses.map { ConvertedStatus(label: $0.label, apiName: $0.apiName ?? $0.label) }
        }
    }

    /// What kind of org it is.
    public func readOrgKind() async -> Reply<OrgKind> {
        struct Organization: Decodable {
            enum CodingKeys: String, CodingKey {
                case edition = "OrganizationType"
                case isSandbox = "IsSandbox"
                case trialEnd = "TrialExpirationDate"
            }

            var edition: String
            var isSandbox: Bool
            var trialEnd: String?
        }
        let query = "OrganizationType, IsSandbox, TrialExpirationDate FROM Organization"
        return await select(query, Organization.self) { rows in
            rows.first.map {
                OrgKind(edition: $0.edition, isSandbox: $0.isSandbox, isTrial: $0.trialEnd != nil)
            }
        }
    }

    /// Which of 1...300 users are no longer active.
    public func readInactive(of users: [RecordID]) async -> Reply<[RecordID]> {
        precondition((1...300).contains(users.count), "a query takes 1...300 users")
        struct User: Decodable {
            enum CodingKeys: String, CodingKey {
                case id = "Id"
            }

            var id: String
        }
        let ids = users.map(\.description.soqlQuoted).joined(separator: ",")
        return await select("Id FROM User WHERE IsActive = false AND Id IN (\(ids))", User.self) {
            $0.compactMap { RecordID(stem: $0.id.prefix(15), of: .user) }
        }
    }

    /// Whether accounts can be looked for by the field that the settings name; if not, why.
    public func readMatchField() async -> Reply<[[RecordID]]> {
        // No account is meant: whether the org accepts the query is the answer.
        let query = AccountQuery(field: settings.matchAccountField, values: ["leadconvert check"])
        return await get("query?q=\(query.text(tellingPersonAccounts: false).percentEncoded)") {
            query.outcome(of: $0, tellingPersonAccounts: false)
        }
    }

    /// How 1...2,000 leads look before they are sent, in the order of the ids.
    public func previews(of leads: [RecordID]) async -> Reply<[LeadPreview]> {
        precondition((1...2000).contains(leads.count), "a retrieval takes 1...2,000 ids")
        let body = LeadRetrieval.body(leads)
        return await rest(.POST, "\(dataPath)/composite/sobjects/Lead", body: body) { response in
            Reply(response, LeadRetrieval.previews(of: response, for: leads))
        }
    }
}

extension SalesforceTransport {
    /// Runs a query of ours, which begins behind SELECT.
    func select<Row: Decodable, Value>(
        _ query: String, _ row: Row.Type, _ read: ([Row]) -> Value?
    ) async -> Reply<Value> {
        await get("query?q=\("SELECT \(query)".percentEncoded)") { response in
            .json(response, Rows<Row>.self) { read($0.records) }
        }
    }

    /// Asks REST for one of its resources.
    func get<Value>(
        _ resource: String, _ read: (APIResponse) -> Reply<Value>.Outcome
    ) async -> Reply<Value> {
        await rest(.GET, "\(dataPath)/\(resource)") { Reply($0, read($0)) }
    }
}

extension Reply.Outcome {
    /// What a REST answer of that form says.
    static func json<Form: Decodable>(
        _ response: APIResponse, _ form: Form.Type, _ read: (Form) -> Value?
    ) -> Self {
        guard response.status == 200 else { return Self(response.outcomeOfReading) }
        guard let value = response.json(form).flatMap(read) else {
            return .unclear(.unreadable("The answer is not of the form that was asked for"))
        }
        return .value(value)
    }
}

/// A page of a query's answer.
private struct Rows<Row: Decodable>: Decodable {
    var records: [Row]
}
