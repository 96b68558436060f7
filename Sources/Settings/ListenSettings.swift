import StatusPage

extension ListenOptions {
    /// Where the status page listens; nil when it does not, or when the setting is wrong.
    init?(_ reader: inout SettingReader) {
        let address = reader.optional("LEADCONVERT_LISTEN", rule: Address.rule) { Address($0) }
        guard let address else { return nil }
        let token = reader.secret("LEADCONVERT_LISTEN_TOKEN")
        if token == nil, !address.isLoopback, !reader.isGiven("LEADCONVERT_LISTEN_TOKEN") {
            reader.report(
                "LEADCONVERT_LISTEN", value: "\(address)",
                "can be reached from other machines: name a file with a token in "
                    + "LEADCONVERT_LISTEN_TOKEN_FILE, or use 127.0.0.1")
        }
        self.init(address: address, token: token.map { Token($0.text) })
    }
}
