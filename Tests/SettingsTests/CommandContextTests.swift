import Conversion
import Foundation
import Salesforce
import TestSupport
import Testing

@testable import Settings

/// Which queue and which settings a command that is typed works with.
@Suite struct CommandContextTests {
    @Test func `the queue that the daemon's settings name is a command's, too`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("leads.env").path
            try "LEADCONVERT_DB=/srv/leads.db\n".write(
                toFile: file, atomically: false, encoding: .utf8)
            let other = ["LEADCONVERT_DB": "/srv/other.db"]
            let byFlag = CommandContext(settingsFile: file, environment: other)
            #expect(try byFlag.queue.description == "/srv/leads.db")
            let byVariable = CommandContext(
                environment: other.merging(["LEADCONVERT_ENV_FILE": file]) { $1 })
            #expect(try byVariable.queue.description == "/srv/leads.db")
            let byName = CommandContext(
                database: "here.db", settingsFile: "\(file).gone", environment: other)
            #expect(try byName.queue.description == "here.db")
            #expect(try CommandContext(environment: other).queue.description == "/srv/other.db")
            #expect(try CommandContext(environment: [:]).queue.description.hasSuffix("queue.db"))
            let gone = CommandContext(settingsFile: "\(file).gone", environment: other)
            let error = #expect(throws: OperatorError.self) { try gone.queue }
            #expect(error?.status == .configuration)
        }
    }

    @Test func `an org's queue is its service's, unless its settings say otherwise`() async throws {
        try await withTemporaryFolder { folder in
            let acme = try #require(ServicePlaces(org: "acme", root: folder.path))
            let own = ["LEADCONVERT_DB": "/srv/other.db", "LEADCONVERT_ENV_FILE": "/srv/other.env"]
            try "".put(into: acme.settings)
            let context = CommandContext(service: acme, environment: own, root: folder.path)
            #expect(context.settingsFile == acme.settings)
            #expect(try context.queue.description == acme.queue)
            try "LEADCONVERT_DB=/srv/acme.db\n".put(into: acme.settings)
            #expect(try context.queue.description == "/srv/acme.db")
        }
    }

    @Test func `an org's queue is its service's in the environment of another unit, too`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let acme = try #require(ServicePlaces(org: "acme", root: folder.path))
            let other = ["STATE_DIRECTORY": "/srv/other", "CREDENTIALS_DIRECTORY": "/run/other"]
            let context = CommandContext(service: acme, environment: other, root: folder.path)
            #expect(try context.queue.description == acme.queue)
            #expect(context.environment["CREDENTIALS_DIRECTORY"] == acme.secrets)
            // A unit of the org's own finds its credentials where systemd put them.
            let own = ["STATE_DIRECTORY": acme.state, "CREDENTIALS_DIRECTORY": "/run/acme"]
            #expect(
                CommandContext(service: acme, environment: own, root: folder.path).environment
                    == own)
        }
    }
}

extension CommandContextTests {
    @Test(arguments: [nil, "acme"])
    func `a service is meant by its settings, its queue or its name, with what its unit gives it`(
        org: String?
    ) async throws {
        try await withTemporaryFolder { folder in
            let root = folder.path
            let service = try #require(ServicePlaces(org: org, root: root))
            try """
            SALESFORCE_LOGIN_URL=https://acme.my.salesforce.com
            SALESFORCE_CLIENT_ID=id

            """.put(into: service.settings)
            try "hush".put(into: service.file(of: .clientSecret))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: service.file(of: .clientSecret))
            let host = ["LEADCONVERT_CALL_SIZE": "7"]
            for context in [
                CommandContext(settingsFile: service.settings, environment: host, root: root),
                CommandContext(database: service.queue, environment: host, root: root),
                CommandContext(service: service, environment: host, root: root),
                CommandContext(
                    environment: host.merging(["LEADCONVERT_DB": service.queue]) { $1 }, root: root),
                CommandContext(
                    environment: host.merging(["LEADCONVERT_ENV_FILE": service.settings]) { $1 },
                    root: root),
            ] {
                #expect(context.service == service)
                #expect(try context.queue.description == service.queue)
                let settings = try DaemonSettings(environment: context.settings)
                #expect(
                    settings.salesforce.login
                        == .clientCredentials(clientID: "id", secret: Secret("hush")))
            }
            // Another org's login in the shell is no part of the service that was named.
            let shell = host.merging([
                "SALESFORCE_CLIENT_SECRET": "another's", "SALESFORCE_ACCESS_TOKEN": "another's",
            ]) { $1 }
            for context in [
                CommandContext(settingsFile: service.settings, environment: shell, root: root),
                CommandContext(service: service, environment: shell, root: root),
                CommandContext(
                    environment: shell.merging(["LEADCONVERT_ENV_FILE": service.settings]) { $1 },
                    root: root),
            ] {
                let settings = try DaemonSettings(environment: context.settings)
                #expect(
                    settings.salesforce.login
                        == .clientCredentials(clientID: "id", secret: Secret("hush")))
                #expect(try context.settings["LEADCONVERT_CALL_SIZE"] == "7")
            }
            // What the service's own unit says is.
            let unit = ["STATE_DIRECTORY": service.state, "SALESFORCE_API_VERSION": "66.0"]
            for context in [
                CommandContext(settingsFile: service.settings, environment: unit, root: root),
                CommandContext(service: service, environment: unit, root: root),
            ] { #expect(try context.settings["SALESFORCE_API_VERSION"] == "66.0") }
            // Somebody's own settings with the service's secrets would be a login of neither.
            let own = CommandContext(
                database: service.queue, settingsFile: "own.env", environment: host, root: root)
            #expect(own.service == nil && own.environment == host)
            #expect(ServicePlaces(owning: service.queue + ".old", root: root) == nil)
            #expect(ServicePlaces(owning: "\(root)/etc/leadconvertd2.env", root: root) == nil)
        }
    }

    @Test(arguments: [true, false])
    func `a file that only the queue led to gives way to the environment`(byFlag: Bool) async throws
    {
        try await withTemporaryFolder { folder in
            let root = folder.path
            let service = try #require(ServicePlaces(org: nil, root: root))
            try """
            LEADCONVERT_DB=/srv/other.db
            LEADCONVERT_CONVERTED_STATUS=Theirs
            LEADCONVERT_CALL_SIZE=7
            LEADCONVERT_CONCURRENCY=3
            SALESFORCE_LOGIN_URL=https://theirs.my.salesforce.com
            SALESFORCE_USERNAME=theirs@example.com

            """.put(into: service.settings)
            func context(_ own: [String: String]) -> CommandContext {
                let named = byFlag ? [:] : ["LEADCONVERT_DB": service.queue]
                return CommandContext(
                    database: byFlag ? service.queue : nil,
                    environment: own.merging(named) { $1 }, root: root)
            }
            let own = context([
                "SALESFORCE_CLIENT_ID": "mine", "LEADCONVERT_CALL_SIZE": "9",
                "LEADCONVERT_CONVERTED_STATUS": "Mine",
            ])
            let settings = try own.settings
            #expect(
                settings.filter { $0.key.hasPrefix("SALESFORCE_") } == [
                    "SALESFORCE_CLIENT_ID": "mine"
                ])
            #expect(settings["CREDENTIALS_DIRECTORY"] == nil && settings["STATE_DIRECTORY"] == nil)
            #expect(settings["LEADCONVERT_CALL_SIZE"] == "9")
            #expect(settings["LEADCONVERT_CONCURRENCY"] == "3")
            #expect(try own.queue.description == service.queue)
            #expect(try own.defaultStatus(isNamed: false) == "Mine")

            let none = context(["LEADCONVERT_CONVERTED_STATUS": "", "SALESFORCE_CLIENT_ID": ""])
            #expect(try none.settings["SALESFORCE_USERNAME"] == "theirs@example.com")
            #expect(try none.settings["CREDENTIALS_DIRECTORY"] == service.secrets)
            #expect(try none.defaultStatus(isNamed: false) == "Theirs")
            #expect(try none.defaultStatus(isNamed: true) == nil)

            try "no setting\n".put(into: service.settings)
            #expect(try own.queue.description == service.queue)
            #expect(try !own.isElsewhere())
            #expect(try own.defaultStatus(isNamed: false) == "Mine")
            #expect(try none.defaultStatus(isNamed: true) == nil)
            #expect(throws: OperatorError.self) { try none.defaultStatus(isNamed: false) }
            let named = CommandContext(
                database: service.queue, settingsFile: service.settings, environment: [:],
                root: root)
            #expect(throws: OperatorError.self) { try named.defaultStatus(isNamed: true) }
        }
    }

    @Test func `a folder without a queue is the wrong one where a service has a queue`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let root = folder.path
            let typed = CommandContext(environment: [:], root: root)
            #expect(try !typed.isElsewhere())
            let services = try [nil, "acme"].map { org in
                try #require(ServicePlaces(org: org, root: root))
            }
            for service in services { try "".put(into: service.queue) }
            #expect(try typed.isElsewhere())
            let text = try typed.noQueue().description
            #expect(
                text.contains("There is no queue /") && text.contains("--org or LEADCONVERT_DB"))
            for service in services {
                #expect(text.contains("\(service.unit) has --db \(service.queue)"), "\(text)")
            }
            // Where the settings move the queue, that one counts, and no other.
            let moved = "\(root)/srv/leads.db"
            try "LEADCONVERT_DB=\(moved)\n".put(into: services[0].settings)
            #expect(try !typed.noQueue().description.contains("leadconvertd.service"))
            try "".put(into: moved)
            try FileManager.default.removeItem(atPath: services[1].queue)
            #expect(try typed.isElsewhere())
            #expect(
                try typed.noQueue().description.hasSuffix(
                    ": leadconvertd.service has --db \(moved)."))
            for named in [
                CommandContext(database: "queue.db", environment: [:], root: root),
                CommandContext(environment: ["LEADCONVERT_DB": "queue.db"], root: root),
                CommandContext(environment: ["STATE_DIRECTORY": "/srv"], root: root),
                CommandContext(service: services[1], environment: [:], root: root),
            ] { #expect(try !named.isElsewhere()) }
        }
    }
}

extension String {
    /// Writes it into a file, and makes the folders that it needs.
    fileprivate func put(into path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try write(toFile: path, atomically: false, encoding: .utf8)
    }
}
