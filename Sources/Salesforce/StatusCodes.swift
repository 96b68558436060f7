import Conversion

/// What one code means for the lead that got it.
enum LeadCodeClass: Equatable {
    /// Passes by itself.
    case transient
    /// Not in the table.
    case unlisted
    /// Stays until somebody changes the lead, the request or the org.
    case permanent
    /// The org's code ran into a limit that all leads of the call share.
    case limited
    /// Says that the lead is converted already.
    case converted
    /// Is not about this lead.
    case blocked(Blocker)
}

/// What one code means for the call that was answered with it, as a whole.
enum CallCodeClass: Equatable {
    /// The call took no effect.
    case refused(Blocker)
    /// Salesforce began, gave up and took back what it did; who in the call is the cause is not
    /// said. A conversion is cut in half until the lead at fault stands alone, a reading is repeated.
    case failed
    /// Salesforce stopped it for its length. For a conversion this is the exception to the rule
    /// that a fault means no effect; a reading is repeated with less in it.
    case tookTooLong
}

/// The one table where Salesforce's codes meet our outcomes. A code it lacks is never a success:
/// for a lead it is `unlisted`, so that it is tried a few times and read before it is given up; for
/// a call it is `failed`.
///
/// Sources: SOAP API Developer Guide, "Core Data Types Used in API Calls" (StatusCode,
/// ExceptionCode); Partner WSDL 58.0; the recorded answers of several public projects.
enum StatusCodes {
    // swift-format-ignore
    static let ofLeads: [String: LeadCodeClass] = [
        "CANNOT_UPDATE_CONVERTED_LEAD": .converted,

        "ALL_OR_NONE_OPERATION_ROLLED_BACK": .transient,
        "CANNOT_EXECUTE_FLOW_TRIGGER": .transient,  // documented: try again
        "FAILED_DUE_TO_OTHER_INPUTS": .transient,
        "INTERNAL_ERROR": .transient,
        "LIMIT_EXCEEDED": .transient,
        "QUERY_TIMEOUT": .transient,
        "REQUEST_RUNNING_TOO_LONG": .transient,
        "TOO_MANY_APEX_REQUESTS": .transient,
        "TXN_SECURITY_METERING_ERROR": .transient,
        "UNABLE_TO_LOCK_ROW": .transient,
        "UNKNOWN_EXCEPTION": .transient,

        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": .permanent,  // a trigger threw; see `codeClass(ofLead:)`
        "DUPLICATES_DETECTED": .permanent,
        "DUPLICATE_VALUE": .permanent,
        "ENTITY_IS_DELETED": .permanent,
        "ENTITY_IS_LOCKED": .permanent,  // an approval holds it: longer than any backoff
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": .permanent,
        "FIELD_FILTER_VALIDATION_EXCEPTION": .permanent,
        "FIELD_INTEGRITY_EXCEPTION": .permanent,
        "INACTIVE_OWNER_OR_USER": .permanent,
        "INSUFFICIENT_ACCESS": .permanent,
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": .permanent,
        "INSUFFICIENT_ACCESS_OR_READONLY": .permanent,
        "INVALID_ACCOUNT": .permanent,
        "INVALID_CONTACT": .permanent,
        "INVALID_CROSS_REFERENCE_KEY": .permanent,
        "INVALID_EMAIL_ADDRESS": .permanent,
        "INVALID_FIELD": .permanent,
        "INVALID_FIELD_FOR_INSERT_UPDATE": .permanent,
        "INVALID_ID_FIELD": .permanent,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": .permanent,
        "INVALID_OWNER": .permanent,
        "INVALID_STATUS": .permanent,
        "INVALID_TYPE": .permanent,
        "MALFORMED_ID": .permanent,
        "MISSING_ARGUMENT": .permanent,
        "NUMBER_OUTSIDE_VALID_RANGE": .permanent,
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION": .permanent,
        "REQUIRED_FIELD_MISSING": .permanent,
        "STRING_TOO_LONG": .permanent,
        "TRANSFER_REQUIRES_READ": .permanent,
        "TXN_SECURITY_NO_ACCESS": .permanent,
        "UNAVAILABLE_RECORDTYPE_EXCEPTION": .permanent,

        "API_CURRENTLY_DISABLED": .blocked(.permission),
        "API_DISABLED_FOR_ORG": .blocked(.permission),
        "FUNCTIONALITY_NOT_ENABLED": .blocked(.permission),
        "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": .blocked(.outage),
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": .blocked(.outage),
        "ORG_IN_MAINTENANCE": .blocked(.outage),
        "ORG_LOCKED": .blocked(.permission),
        "REQUEST_LIMIT_EXCEEDED": .blocked(.allowance),
        "SERVER_UNAVAILABLE": .blocked(.outage),
        "STORAGE_LIMIT_EXCEEDED": .blocked(.permission),  // full until somebody makes room
        "TRIAL_EXPIRED": .blocked(.permission),
    ]

    // swift-format-ignore
    static let ofCalls: [String: CallCodeClass] = [
        "INVALID_AUTH_HEADER": .refused(.session),
        "INVALID_SESSION_ID": .refused(.session),
        "ORG_NOT_OWNED_BY_INSTANCE": .refused(.session),  // the next login names the right one

        "API_CURRENTLY_DISABLED": .refused(.permission),
        "API_DISABLED_FOR_ORG": .refused(.permission),
        "CLIENT_NOT_ACCESSIBLE_FOR_USER": .refused(.permission),
        "FUNCTIONALITY_NOT_ENABLED": .refused(.permission),
        "INSUFFICIENT_ACCESS": .refused(.permission),
        "INVALID_FIELD": .refused(.permission),  // hidden from the user
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": .refused(.permission),
        "INVALID_TYPE": .refused(.permission),  // hidden from the user
        "LOGIN_DURING_RESTRICTED_DOMAIN": .refused(.permission),
        "LOGIN_DURING_RESTRICTED_TIME": .refused(.permission),
        "MUTUAL_AUTHENTICATION_FAILED": .refused(.permission),
        "ORG_LOCKED": .refused(.permission),
        "PASSWORD_LOCKOUT": .refused(.permission),
        "STORAGE_LIMIT_EXCEEDED": .refused(.permission),
        "TRIAL_EXPIRED": .refused(.permission),

        "GONE": .refused(.configuration),
        "INVALID_SOAP_HEADER": .refused(.configuration),
        "METHOD_NOT_ALLOWED": .refused(.configuration),
        "NOT_FOUND": .refused(.configuration),
        "UNSUPPORTED_API_VERSION": .refused(.configuration),
        "UNSUPPORTED_CLIENT": .refused(.configuration),
        "UNSUPPORTED_MEDIA_TYPE": .refused(.configuration),
        "soapenv:Client": .refused(.configuration),
        "soapenv:MustUnderstand": .refused(.configuration),
        "soapenv:VersionMismatch": .refused(.configuration),

        "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": .refused(.outage),
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": .refused(.outage),
        "ORG_IN_MAINTENANCE": .refused(.outage),
        "ORG_IS_SIGNING_UP": .refused(.outage),
        "SERVER_UNAVAILABLE": .refused(.outage),

        "REQUEST_LIMIT_EXCEEDED": .refused(.allowance),  // or .concurrency: see `codeClass(ofCall:)`

        "EXCEEDED_ID_LIMIT": .refused(.callTooLarge),
        "EXCEEDED_LEAD_CONVERT_LIMIT": .refused(.callTooLarge),
        "EXCEEDED_MAX_SIZE_REQUEST": .refused(.callTooLarge),
        "OPERATION_TOO_LARGE": .refused(.callTooLarge),
        "TOO_MANY_RECORDS": .refused(.callTooLarge),

        "APEX_ERROR": .failed,  // the org's own code, or a governor limit that it ran into
        "BATCH_PROCESSING_HALTED": .failed,
        "CANNOT_EXECUTE_FLOW_TRIGGER": .failed,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": .failed,
        "EXCEEDED_QUOTA": .failed,
        "INTERNAL_ERROR": .failed,
        "INTERNAL_SERVER_ERROR": .failed,
        "JSON_PARSER_ERROR": .failed,  // like XML_PARSER_ERROR
        "LIMIT_EXCEEDED": .failed,
        "MALFORMED_ID": .failed,
        "MISSING_ARGUMENT": .failed,
        "TOO_MANY_APEX_REQUESTS": .failed,
        "TXN_SECURITY_METERING_ERROR": .failed,
        "TXN_SECURITY_NO_ACCESS": .failed,
        "TXN_SECURITY_RUNTIME_ERROR": .failed,
        "UNABLE_TO_LOCK_ROW": .failed,
        "UNKNOWN_EXCEPTION": .failed,
        "XML_PARSER_ERROR": .failed,  // one lead's text may be what it stumbled over

        "QUERY_TIMEOUT": .tookTooLong,
        "REQUEST_RUNNING_TOO_LONG": .tookTooLong,
    ]

    /// What an operator can do about a permission or a setting, by the code that asks for it.
    static let remedies: [String: String] = [
        "API_CURRENTLY_DISABLED":
            "Give the user the permission API Enabled. If it has it, Salesforce has switched the "
            + "API off for a while.",
        "API_DISABLED_FOR_ORG": "The org has no API: ask Salesforce to enable it.",
        "GONE": Self.version,
        "LOGIN_DURING_RESTRICTED_DOMAIN":
            "Add this machine's address to the login ranges of the user's profile.",
        "LOGIN_DURING_RESTRICTED_TIME":
            "The user's profile allows no login at this hour; it passes.",
        "ORG_LOCKED": "Ask Salesforce about the org.",
        "ORG_NOT_OWNED_BY_INSTANCE":
            "Set SALESFORCE_LOGIN_URL, or SALESFORCE_INSTANCE_URL of a given token, to the org's "
            + "My Domain.",
        "STORAGE_LIMIT_EXCEEDED": "The org's data storage is full: make room in it.",
        "TRIAL_EXPIRED": "The org's trial has ended.",
        "UNSUPPORTED_API_VERSION": Self.version,
    ]

    private static let version =
        "Set SALESFORCE_API_VERSION to one that Salesforce serves, such as 67.0."
}
