extension DaemonSettings {
    /// The settings that differ from those of the start and can't be changed in a running daemon.
    public func waitingForRestart(since start: DaemonSettings) -> [String] {
        let isSame: KeyValuePairs = [
            "LEADCONVERT_DB": database == start.database,
            "LEADCONVERT_STOP_TIMEOUT": stopTimeoutMS == start.stopTimeoutMS,
            "LEADCONVERT_CALL_TIMEOUT": salesforce.callTimeoutMS == start.salesforce.callTimeoutMS,
            "SALESFORCE_LOGIN_URL": salesforce.loginURL == start.salesforce.loginURL,
            "SALESFORCE_API_VERSION": salesforce.apiVersion == start.salesforce.apiVersion,
            "SALESFORCE_TRANSPORT": salesforce.transport == start.salesforce.transport,
            "SALESFORCE_CA_FILE": salesforce.caFile == start.salesforce.caFile,
        ]
        return isSame.filter { !$0.value }.map(\.key)
    }
}
