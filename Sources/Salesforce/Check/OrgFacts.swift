public import Conversion
import NIOCore

/// Who our token belongs to.
public struct OrgUser: Sendable, Equatable {
    /// The name it logs in with.
    public var username: String
    public var organizationID: String
}

/// What kind of org it is.
public struct OrgKind: Sendable, Equatable {
    /// Salesforce's word: `Enterprise Edition`, `Developer Edition`, ...
    public var edition: String
    public var isSandbox: Bool
    /// Whether it ends some day.
    public var isTrial: Bool

    /// How many requests of 20 s and more may run at once, of all programs together.
    /// Source: Salesforce Developer Limits, "API Request Limits and Allocations".
    public var longCallsAtOnce: Int {
        !isSandbox && (isTrial || edition == "Developer Edition") ? 5 : 25
    }
}

/// What the user may do with one kind of record.
public struct ObjectRights: Sendable, Equatable {
    public var name: String
    /// Whether the user may make new ones.
    public var canCreate: Bool
    /// Whether the user may change those there are.
    public var canEdit: Bool
}

/// A status with which a lead can be converted.
public struct ConvertedStatus: Sendable, Equatable {
    /// What people see, and what the SOAP API takes.
    public var label: String
    /// Its name in the API, mostly the same.
    public var apiName: String
}

/// What a lead looks like before it is sent.
public enum LeadPreview: Sendable, Equatable {
    /// Nothing keeps it from being converted, if its owner, where one is told, is active.
    case open(ownerID: RecordID?)
    case converted
    /// A queue owns it, so that the conversion must name an owner.
    case ownedByQueue
    /// Deleted, merged away, or hidden from the user.
    case notVisible
}

/// SOAP's `getUserInfo`, which takes no arguments and says whose token it is.
/// Source: SOAP API Developer Guide, `getUserInfo()`.
enum UserInfo {
    /// The envelope, in UTF-8.
    static func request(token: Secret, client: String) -> ByteBuffer {
        var xml = XMLWriter(capacity: 1024)
        xml.writeEnvelopeStart(token: token, client: client)
        xml.write(
            "</soapenv:Header><soapenv:Body><urn:getUserInfo/></soapenv:Body></soapenv:Envelope>")
        return xml.body
    }

    /// What the answer says.
    static func outcome(of response: APIResponse) -> Reply<OrgUser>.Outcome {
        switch SOAPResponse(response.body)?.body {
        case .fault(let reason): return .init(Failure(refusalOfReading: reason))
        case .foreignFault(let reason): return .unclear(reason)
        case .results, nil: break
        }
        guard let envelope = XMLReader.read(response.body),
            let result = envelope.child("Body")?.child("getUserInfoResponse")?.child("result"),
            let username = result.text(of: "userName"),
            let organizationID = result.text(of: "organizationId")
        else { return .init(response.outcomeByStatus) }
        return .value(OrgUser(username: username, organizationID: organizationID))
    }
}
