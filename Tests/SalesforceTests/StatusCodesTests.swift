import Conversion
import Testing

@testable import Salesforce

@Suite struct StatusCodesTests {
    @Test(arguments: [
        "INVALID_STATUS", "DUPLICATES_DETECTED", "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
        "INACTIVE_OWNER_OR_USER", "TRANSFER_REQUIRES_READ", "UNAVAILABLE_RECORDTYPE_EXCEPTION",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION",
        "FIELD_INTEGRITY_EXCEPTION", "REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY", "INVALID_ID_FIELD", "ENTITY_IS_DELETED", "ENTITY_IS_LOCKED",
        "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "TXN_SECURITY_NO_ACCESS",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    ])
    func `gives up a lead that nothing but a change can help`(code: String) {
        #expect(StatusCodes.codeClass(ofLead: Reason(code, "")) == .permanent)
    }

    @Test(arguments: [
        "UNABLE_TO_LOCK_ROW", "TOO_MANY_APEX_REQUESTS", "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT", "UNKNOWN_EXCEPTION", "INTERNAL_ERROR", "TXN_SECURITY_METERING_ERROR",
        "CANNOT_EXECUTE_FLOW_TRIGGER", "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ])
    func `tries a lead again when its fault may pass`(code: String) {
        #expect(StatusCodes.codeClass(ofLead: Reason(code, "")) == .transient)
    }

    @Test func `a lead's code that the table lacks is marked as unlisted`() {
        #expect(StatusCodes.codeClass(ofLead: Reason("A_CODE_OF_NEXT_YEAR", "")) == .unlisted)
    }

    @Test func `a code that may pass by itself says so, and others say what to do`() {
        let disabled = StatusCodes.explained(Reason("API_CURRENTLY_DISABLED", "off"), .permission)
        #expect(disabled.mayPass)
        let hours = StatusCodes.explained(Reason("LOGIN_DURING_RESTRICTED_TIME", ""), .permission)
        #expect(hours.mayPass)
        let retired = StatusCodes.explained(Reason("UNSUPPORTED_API_VERSION", ""), .configuration)
        #expect(!retired.mayPass)
        #expect(retired.remedy?.contains("SALESFORCE_API_VERSION") == true)
    }

    @Test func `tries a lead again when a trigger lost a lock`() {
        let text = "T: execution of AfterInsert caused by: first error: UNABLE_TO_LOCK_ROW, unable"
        let error = Reason("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
        #expect(StatusCodes.codeClass(ofLead: error) == .transient)
    }

    @Test func `knows the code of a converted lead`() {
        let error = Reason("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        #expect(StatusCodes.codeClass(ofLead: error) == .converted)
    }

    @Test(arguments: [
        ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", Blocker.outage),
        ("STORAGE_LIMIT_EXCEEDED", .permission), ("API_CURRENTLY_DISABLED", .permission),
        ("REQUEST_LIMIT_EXCEEDED", .allowance),
    ])
    func `stops for what is not a lead's fault`(code: String, blocker: Blocker) {
        #expect(StatusCodes.codeClass(ofLead: Reason(code, "")) == .blocked(blocker))
    }

    @Test(arguments: [
        ("INVALID_SESSION_ID", "Session expired or invalid", Blocker.session),
        ("INVALID_SESSION_ID", "Connected app is not attached to Agent", .permission),
        ("INVALID_SESSION_ID", "This session is not valid for use with the REST API", .permission),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", .allowance),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", .concurrency),
        (
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            .concurrency
        ),
        ("REQUEST_LIMIT_EXCEEDED", "something new", .allowance),
        ("SERVER_UNAVAILABLE", "server too busy", .outage),
        ("ORG_IN_MAINTENANCE", "", .outage),
        ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "", .outage),
        ("API_DISABLED_FOR_ORG", "", .permission), ("API_CURRENTLY_DISABLED", "", .permission),
        ("ORG_LOCKED", "", .permission), ("TRIAL_EXPIRED", "", .permission),
        ("INSUFFICIENT_ACCESS", "", .permission),
        ("UNSUPPORTED_API_VERSION", "", .configuration),
        ("soapenv:Client", "No operation available", .configuration),
        ("UNKNOWN_EXCEPTION", "Destination URL not reset. The URL returned", .session),
        ("ORG_NOT_OWNED_BY_INSTANCE", "", .session),
        ("EXCEEDED_LEAD_CONVERT_LIMIT", "", .callTooLarge),
        ("EXCEEDED_MAX_SIZE_REQUEST", "", .callTooLarge), ("EXCEEDED_ID_LIMIT", "", .callTooLarge),
    ])
    func `names what stands in the way of a call`(code: String, message: String, blocker: Blocker) {
        #expect(StatusCodes.codeClass(ofCall: Reason(code, message)) == .refused(blocker))
    }

    @Test(arguments: [
        "UNKNOWN_EXCEPTION", "INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "UNABLE_TO_LOCK_ROW",
        "EXCEEDED_QUOTA", "TOO_MANY_APEX_REQUESTS", "TXN_SECURITY_METERING_ERROR",
        "TXN_SECURITY_RUNTIME_ERROR", "APEX_ERROR", "CANNOT_EXECUTE_FLOW_TRIGGER",
        "A_CODE_OF_NEXT_YEAR",
    ])
    func `looks for the culprit in a call that failed`(code: String) {
        #expect(StatusCodes.codeClass(ofCall: Reason(code, "")) == .failed)
    }

    @Test(arguments: ["REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT"])
    func `a conversion that ran too long is unclear, a reading is repeated with less`(code: String)
    {
        let reason = Reason(code, "")
        #expect(StatusCodes.codeClass(ofCall: reason) == .tookTooLong)
        #expect(Failure(refusalOfWrite: reason) == .unclear(reason))
        #expect(Failure(refusalOfReading: reason) == .refused(.callTooLarge, reason))
    }
}
