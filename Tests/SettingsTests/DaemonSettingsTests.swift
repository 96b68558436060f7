import Conversion
import Drain
import Foundation
import Hooks
import Logging
import Salesforce
import Testing

@testable import Settings

@Suite struct DaemonSettingsTests {
    @Test func `has the defaults of the manual`() throws {
        let settings = try DaemonSettings(environment: login)
        #expect(settings.database.description == "./queue.db")
        #expect(settings.drain.callSize == 100)
        #expect(settings.drain.concurrency == 4)
        #expect(settings.drain.dailyShare == 0.5)
        #expect(settings.drain.reserve == 0.1)
        #expect(settings.drain.rate == nil)
        #expect(settings.drain.burst == nil)
        #expect(settings.drain.lingerMS == nil)
        #expect(settings.drain.probeIntervalMS == 30_000)
        #expect(settings.drain.callLifetimeMS == 600_000)
        #expect(settings.drain.window == nil)
        #expect(settings.drain.giveUpAfterMS == nil)
        #expect(settings.logLevel == .info)
        #expect(settings.stopTimeoutMS == 60_000)
        #expect(settings.hooks.isOn)
        #expect(settings.hooks.timeoutMS == 900_000)
        #expect(settings.salesforce.callTimeout == .seconds(630))
        #expect(settings.salesforce.apiVersion == .standard)
        #expect(settings.salesforce.caFile == nil)
        #expect(settings.salesforce.connectTimeout == .seconds(12))
        #expect(settings.refreshTokenStore == nil)
    }

    @Test func `takes hours by weekday and the field of accounts`() throws {
        let text = "Mon-Fri 20:00-06:00, Sat 00:00-24:00,sun-mon 1:30-2:00 Europe/Berlin"
        let settings = try DaemonSettings(
            environment: login.merging([
                "LEADCONVERT_RUN_HOURS": text, "LEADCONVERT_MATCH_ACCOUNT_FIELD": "Domain__c",
            ]) { $1 })
        let hours: [RunWindow.Hours] = [
            .init(days: [0, 1, 2, 3, 4], start: 1200, end: 360),
            .init(days: [5], start: 0, end: 1440), .init(days: [6, 0], start: 90, end: 120),
        ]
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(settings.drain.window == RunWindow(hours, zone: berlin))
        #expect(settings.salesforce.matchAccountField == "Domain__c")
    }

    @Test func `takes what is set`() throws {
        let settings = try DaemonSettings(
            environment: login.merging([
                "LEADCONVERT_DB": "/var/lib/q.db", "LEADCONVERT_CALL_SIZE": "1",
                "LEADCONVERT_CONCURRENCY": "25", "LEADCONVERT_DAILY_SHARE": "1",
                "LEADCONVERT_RESERVE": "0", "LEADCONVERT_RATE": "0.25", "LEADCONVERT_BURST": "2.5",
                "LEADCONVERT_LINGER": "250", "LEADCONVERT_PROBE_INTERVAL": "0.5",
                "LEADCONVERT_CALL_LIFETIME": "0",
                "LEADCONVERT_RUN_HOURS": "20:00-06:00 Europe/Berlin",
                "LEADCONVERT_LOG_LEVEL": "DEBUG", "LEADCONVERT_CALL_TIMEOUT": "15m",
                "LEADCONVERT_STOP_TIMEOUT": "0", "SALESFORCE_API_VERSION": "51.0",
                "SALESFORCE_TRANSPORT": "soap", "SALESFORCE_LOGIN_URL": "http://127.0.0.1:8080/",
                "SALESFORCE_CA_FILE": "/etc/hostname", "LEADCONVERT_HOOKS": "Off",
                "LEADCONVERT_HOOK_TIMEOUT": "90",
            ]) { $1 },
            giveUpAfter: "12h"
        )
        #expect(settings.database.description == "/var/lib/q.db")
        #expect(settings.drain.callSize == 1)
        #expect(settings.drain.concurrency == 25)
        #expect(settings.drain.dailyShare == 1)
        #expect(settings.drain.reserve == 0)
        #expect(settings.drain.rate == 0.25)
        #expect(settings.drain.burst == 2.5)
        #expect(settings.drain.lingerMS == 250)
        #expect(settings.drain.probeIntervalMS == 500)
        #expect(settings.drain.callLifetimeMS == 0)
        #expect(settings.drain.window == RunWindow("20:00-06:00 Europe/Berlin"))
        #expect(settings.drain.giveUpAfterMS == 43_200_000)
        #expect(settings.logLevel == .debug)
        #expect(settings.stopTimeoutMS == 0)
        #expect(!settings.hooks.isOn)
        #expect(settings.hooks.timeoutMS == 90_000)
        #expect(settings.salesforce.callTimeout == .seconds(900))
        #expect(settings.salesforce.apiVersion.description == "51.0")
        #expect(settings.salesforce.loginHost.description == "http://127.0.0.1:8080")
        #expect(settings.salesforce.caFile == "/etc/hostname")
    }

    @Test(arguments: [
        ("LEADCONVERT_CALL_SIZE", "0"), ("LEADCONVERT_CALL_SIZE", "101"),
        ("LEADCONVERT_CALL_SIZE", "ten"), ("LEADCONVERT_CONCURRENCY", "0"),
        ("LEADCONVERT_CONCURRENCY", "26"), ("LEADCONVERT_DAILY_SHARE", "0"),
        ("LEADCONVERT_DAILY_SHARE", "1.01"), ("LEADCONVERT_DAILY_SHARE", "nan"),
        ("LEADCONVERT_RESERVE", "1"), ("LEADCONVERT_RESERVE", "-0.1"),
        ("LEADCONVERT_RATE", "0"), ("LEADCONVERT_RATE", "inf"), ("LEADCONVERT_RATE", "fast"),
        ("LEADCONVERT_RATE", "1e-300"), ("LEADCONVERT_RATE", "1e7"), ("LEADCONVERT_BURST", "1e30"),
        ("LEADCONVERT_BURST", "nan"), ("LEADCONVERT_BURST", "0.9"),
        ("LEADCONVERT_LINGER", "-1"), ("LEADCONVERT_LINGER", "1s"),
        ("LEADCONVERT_LINGER", "60001"), ("LEADCONVERT_PROBE_INTERVAL", "0"),
        ("LEADCONVERT_PROBE_INTERVAL", "901"), ("LEADCONVERT_CALL_LIFETIME", "-1"),
        ("LEADCONVERT_CALL_LIFETIME", "86401"), ("LEADCONVERT_RUN_HOURS", "20:00-06:00"),
        ("LEADCONVERT_RUN_HOURS", "Mon-Fri 20:00-06:00, Europe/Berlin"),
        ("LEADCONVERT_RUN_HOURS", "Foo 20:00-06:00 Europe/Berlin"),
        ("LEADCONVERT_RUN_HOURS", "24:00-06:00 Europe/Berlin"),
        ("LEADCONVERT_MATCH_ACCOUNT_FIELD", "Name' OR Id"),
        ("LEADCONVERT_LOG_LEVEL", "loud"), ("LEADCONVERT_CALL_TIMEOUT", "0"),
        ("LEADCONVERT_HOOKS", "maybe"), ("LEADCONVERT_HOOK_TIMEOUT", "0"),
        ("LEADCONVERT_STOP_TIMEOUT", "1w"), ("LEADCONVERT_LISTEN", "8230"),
        ("LEADCONVERT_LISTEN", "0.0.0.0:8230"),
        ("SALESFORCE_API_VERSION", "50.0"), ("SALESFORCE_API_VERSION", "67"),
        ("SALESFORCE_TRANSPORT", "rest"), ("SALESFORCE_TRANSPORT", "action:"),
        ("SALESFORCE_TRANSPORT", "action:1st"), ("SALESFORCE_TRANSPORT", "action:a/../b"),
        ("SALESFORCE_TRANSPORT", "action:a b"), ("SALESFORCE_TRANSPORT", "action:a_"),
        ("SALESFORCE_CA_FILE", "/nonexistent.pem"), ("SALESFORCE_CA_FILE", "/"),
        ("SALESFORCE_LOGIN_URL", "http://example.com"), ("SALESFORCE_LOGIN_URL", "example.com"),
        ("SALESFORCE_LOGIN_URL", "https://example.com/services"),
        ("SALESFORCE_LOGIN_URL", "http://127.0.0.1.example.com"),
    ])
    func `refuses a wrong value by name and value`(name: String, value: String) {
        let error = #expect(throws: OperatorError.self) {
            try DaemonSettings(environment: login.merging([name: value]) { $1 })
        }
        #expect(error?.status == .configuration)
        #expect(error?.sentence.hasPrefix("A setting is wrong:\n  \(name)=\(value): ") == true)
    }

    @Test func `takes an empty variable as not set`() throws {
        let empty = ["LEADCONVERT_CALL_SIZE", "LEADCONVERT_RUN_HOURS", "LEADCONVERT_LISTEN"]
        let environment = login.merging(empty.map { ($0, "") }) { $1 }
        #expect(try DaemonSettings(environment: environment) == DaemonSettings(environment: login))
    }

    @Test func `reports everything that is wrong at once`() {
        let error = #expect(throws: OperatorError.self) {
            try DaemonSettings(
                environment: ["LEADCONVERT_CALL_SIZE": "500", "LEADCONVERT_RATE": "-1"],
                giveUpAfter: "soon"
            )
        }
        #expect(
            error?.sentence == """
                4 settings are wrong:
                  LEADCONVERT_CALL_SIZE=500: must be a whole number from 1 to 100
                  LEADCONVERT_RATE=-1: must be auto, or calls per second as a decimal from \
                0.000001 to 1000000, e.g. 0.5
                  --give-up-after=soon: must be a whole number with its unit: 500ms, 30s, 15m, \
                12h or 90d
                  SALESFORCE_...: no login is set. Set SALESFORCE_CLIENT_ID with \
                SALESFORCE_CLIENT_SECRET_FILE, or with SALESFORCE_USERNAME and \
                SALESFORCE_PRIVATE_KEY_FILE, or with SALESFORCE_REFRESH_TOKEN_FILE; or \
                SALESFORCE_INSTANCE_URL with SALESFORCE_ACCESS_TOKEN_FILE
                """
        )
    }

    @Test(
        arguments: [
            ("flag.db", ["LEADCONVERT_DB": "set.db"], "flag.db"),
            (nil, ["LEADCONVERT_DB": "set.db", "STATE_DIRECTORY": "/var/lib/a"], "set.db"),
            (nil, ["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"], "/var/lib/a/queue.db"),
            (nil, ["LEADCONVERT_DB": ""], "./queue.db"),
        ] as [(String?, [String: String], String)])
    func `finds the queue`(flag: String?, environment: [String: String], expected: String) {
        #expect(DatabasePath(flag: flag, environment: environment).description == expected)
    }
}

/// The settings of a login, which every other setting stands beside.
let login = [
    "SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com", "SALESFORCE_CLIENT_ID": "id",
    "SALESFORCE_CLIENT_SECRET": "hush",
]
