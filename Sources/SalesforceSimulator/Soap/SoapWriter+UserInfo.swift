extension SoapWriter {
    /// The answer to getUserInfo: who the token belongs to.
    static func userInfo(_ org: Org, usage: Usage) -> String {
        let rows: KeyValuePairs = [
            "accessibilityMode": "false", "chatterExternal": "false", "currencySymbol": "$",
            "orgAttachmentFileSizeLimit": "5242880", "orgDefaultCurrencyIsoCode": "USD",
            "orgDefaultCurrencyLocale": "en_US", "orgDisallowHtmlAttachments": "false",
            "orgHasPersonAccounts": "\(org.hasPersonAccounts)", "organizationId": Org.id,
            "organizationMultiCurrency": "false", "organizationName": "Simulated Org",
            "profileId": "00eWs000000AdmnIAC", "sessionSecondsValid": "7200",
            "userEmail": "demo@example.com", "userFullName": "Integration User",
            "userId": Org.integrationUser.text, "userLanguage": "en_US", "userLocale": "en_US",
            "userName": "demo@example.com", "userTimeZone": "GMT", "userType": "Standard",
            "userUiSkin": "Theme3",
        ]
        let body = rows.map { "<\($0.key)>\($0.value)</\($0.key)>" }.joined()
        return answer("getUserInfoResponse", "<result>\(body)</result>", usage)
    }
}
