import ArgumentParser
import Conversion
import Foundation
import Intake
import Settings

extension SetupFlow: ExpressibleByArgument {}

/// The answers that may be given as flags.
struct SetupAnswers: ParsableArguments {
    @Option(help: ArgumentHelp("The org's My Domain host, or its address.", valueName: "host"))
    var host: String?

    @Option(help: "How to log in.")
    var flow: SetupFlow?

    @Option(help: ArgumentHelp("The id of the External Client App.", valueName: "id"))
    var clientID: String?

    @Option(help: ArgumentHelp("A file that holds the app's secret.", valueName: "file"))
    var clientSecretFile: String?

    @Option(help: ArgumentHelp("The user of the JWT bearer flow.", valueName: "name"))
    var username: String?

    @Option(help: ArgumentHelp("The key of the JWT bearer flow, PEM.", valueName: "file"))
    var privateKeyFile: String?

    @Option(help: ArgumentHelp("A file that holds a refresh token.", valueName: "file"))
    var refreshTokenFile: String?

    @Option(help: ArgumentHelp("A file that holds an access token.", valueName: "file"))
    var accessTokenFile: String?

    @Option(
        name: .customLong("sf"),
        help: ArgumentHelp(
            "Take the token that the Salesforce CLI has for this org: for a first try.",
            valueName: "alias"))
    var alias: String?

    func validate() throws {
        let flows =
            [
                privateKeyFile.map { _ in SetupFlow.jwtBearer },
                refreshTokenFile.map { _ in .refreshToken },
                accessTokenFile ?? alias.map { _ in "" } == nil ? nil : .accessToken,
            ].compactMap { $0 } + (flow.map { [$0] } ?? [])
        let takesSecret = flows.allSatisfy { $0 == .clientCredentials || $0 == .refreshToken }
        let takesUsername = flows.allSatisfy { $0 == .jwtBearer }
        guard Set(flows).count < 2, accessTokenFile == nil || alias == nil,
            clientSecretFile == nil || takesSecret && username == nil,
            username == nil || takesUsername
        else {
            throw ValidationError("The flags belong to different logins.")
        }
    }

    /// The flow that is named, or that the flags belong to.
    var impliedFlow: SetupFlow? {
        if let flow { return flow }
        if alias != nil || accessTokenFile != nil { return .accessToken }
        if privateKeyFile != nil { return .jwtBearer }
        if refreshTokenFile != nil { return .refreshToken }
        return clientSecretFile == nil ? nil : .clientCredentials
    }

    /// The flag that names a secret's file.
    func file(of secret: SecretName) -> (flag: String, path: String?) {
        switch secret {
        case .clientSecret: ("--client-secret-file", clientSecretFile)
        case .privateKey: ("--private-key-file", privateKeyFile)
        case .refreshToken: ("--refresh-token-file", refreshTokenFile)
        case .accessToken: ("--access-token-file", accessTokenFile)
        }
    }
}

/// Asks for what is not given by a flag; without a terminal it only says what is missing.
struct SetupInterview {
    private let answers: SetupAnswers
    private let place: SetupPlace
    private let known: [String: String]
    private let prompt: Prompt?
    private var missing: [String] = []

    /// - Parameter known: What an earlier setup has written.
    init(
        _ answers: SetupAnswers, in place: SetupPlace, known: [String: String], prompt: Prompt?
    ) {
        self.answers = answers
        self.place = place
        self.known = known.filter { !$0.value.isEmpty && $0.value != ServicePlaces.exampleHost }
        self.prompt = prompt
    }

    /// How to log in.
    /// - Throws: 64, with all flags that are missing.
    mutating func login() throws -> SetupLogin {
        if let alias = answers.alias { return try login(bySalesforceCLI: alias) }
        let host = try ask(
            answers.host, "--host", "My Domain host of the org, e.g. example.my.salesforce.com",
            known["SALESFORCE_LOGIN_URL"] ?? known["SALESFORCE_INSTANCE_URL"],
            rule: SetupLogin.hostRule, SetupLogin.host)
        let flow = try flow()
        var login = SetupLogin(flow: flow, host: host ?? "")
        if flow != .accessToken {
            login.clientID = try ask(
                answers.clientID, "--client-id", "Client id (consumer key) of the app",
                known["SALESFORCE_CLIENT_ID"])
        }
        if flow == .jwtBearer {
            login.username = try ask(
                answers.username, "--username", "Username that the daemon acts as",
                known["SALESFORCE_USERNAME"])
        }
        login.secrets[flow.secret] = .some(try secret(flow.secret))
        if flow == .refreshToken, let secret = try secretBesideRefreshToken() {
            login.secrets[.clientSecret] = .some(secret)
        }
        guard missing.isEmpty else {
            throw OperatorError(
                .usage,
                "There is no terminal to ask at: \(missing.joined(separator: ", ")) "
                    + "\(missing.count == 1 ? "is" : "are") missing.",
                remedy: "See: leadconvert setup --help")
        }
        return login
    }

    private func login(bySalesforceCLI alias: String) throws -> SetupLogin {
        let found = try SalesforceCLI(alias: alias)
        guard let host = SetupLogin.host(found.instanceURL) else {
            throw OperatorError(.configuration, "sf names a host that is none of Salesforce's.")
        }
        var login = SetupLogin(flow: .accessToken, host: host)
        login.secrets[.accessToken] = .some(found.accessToken)
        return login
    }

    private func flow() throws -> SetupFlow {
        if let flow = answers.impliedFlow { return flow }
        let before =
            SetupFlow(settings: known) ?? SetupFlow(secrets: place.has) ?? .clientCredentials
        guard let prompt else { return before }
        let name = try prompt.choose(
            "How the daemon logs in", of: SetupFlow.allCases.map { ($0.rawValue, $0.about) },
            default: before.rawValue)
        return SetupFlow(rawValue: name) ?? before
    }

    private mutating func ask(
        _ given: String?, _ flag: String, _ question: String, _ standard: String?,
        rule: String = "must not be empty", _ read: (String) -> String? = { $0 }
    ) throws -> String? {
        if let given {
            if !given.isEmpty, let value = read(given) { return value }
            throw OperatorError(.usage, "\(flag) \(rule).")
        }
        if let prompt { return try prompt.ask(question, default: standard, rule: rule, read) }
        if standard == nil { missing.append(flag) }
        return standard.flatMap(read)
    }

    /// The secret's text; nil for the one that is there and stays.
    private mutating func secret(_ name: SecretName) throws -> String? {
        let (flag, path) = answers.file(of: name)
        if let path { return try Self.text(of: path, flag) }
        let isThere = place.has(name)
        guard let prompt else {
            if !isThere { missing.append(flag) }
            return nil
        }
        let keeping = isThere ? ", Enter keeps the one that is there" : ""
        if name == .privateKey {
            // A key has many lines: its file is asked for.
            let path = try prompt.ask(
                "File with the app's private key (PEM)\(keeping)", default: isThere ? "" : nil)
            return path.isEmpty ? nil : try Self.text(of: path, flag)
        }
        while true {
            let text = try prompt.secret("\(Self.question(name))\(keeping)")
            if !text.isEmpty || isThere { return text.isEmpty ? nil : text }
        }
    }

    private static func question(_ name: SecretName) -> String {
        switch name {
        case .clientSecret: "Client secret of the app"
        case .privateKey: "Private key"
        case .refreshToken: "Refresh token"
        case .accessToken: "Access token"
        }
    }

    /// Many apps want their secret beside a refresh token, not all.
    /// - Returns: nil where there is none, a nil within for the one that is there and stays.
    private func secretBesideRefreshToken() throws -> String?? {
        let (flag, path) = answers.file(of: .clientSecret)
        if let path { return .some(try Self.text(of: path, flag)) }
        let isThere = place.has(.clientSecret)
        guard let prompt else { return isThere ? .some(nil) : nil }
        let enter = isThere ? "Enter keeps the one that is there" : "Enter for none"
        let text = try prompt.secret("\(Self.question(.clientSecret)), \(enter)")
        if text.isEmpty { return isThere ? .some(nil) : nil }
        return .some(text)
    }

    private static func text(of path: String, _ flag: String) throws -> String {
        let text = try ByteSource(path: path).text().trimmingCharacters(in: .newlines)
        guard !text.isEmpty else { throw OperatorError(.usage, "\(flag): \(path) is empty.") }
        return text
    }
}
