import Conversion
import Foundation
import TestSupport
import Testing

@testable import Settings

@Suite struct SettingsFileTests {
    @Test func `a variable is changed where it stands, and all else stays`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("env").path
            let text = "# Ours\nA=1\n\n B = 'two\nlines' \nA=3\nC=\\\n  4\n; end"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            var file = try SettingsFile(path)
            file.set("B", to: "2")
            file.set("A", to: "x")
            file.set("C", to: nil)
            file.set("D", to: "new")
            #expect(file.text == "# Ours\nA=x\n\n B=2\n; end\nD=new\n")
            #expect(file.variables == ["A": "x", "B": "2", "D": "new"])
        }
    }

    @Test(arguments: [
        "Closed - Converted", "a\"b", "a\\b", "$HOME`x`", "'", "a'b", " x ", "#x", ";", "ü",
        "https://example.my.salesforce.com",
    ])
    func `what is written is read back`(value: String) throws {
        var file = try SettingsFile("/nonexistent/env")
        file.set("NAME", to: value)
        var lines = EnvironmentLines(file.text)
        #expect(try lines.variables() == ["NAME": value])
    }

    @Test func `files are changed together or not at all`() async throws {
        try await withTemporaryFolder { folder in
            let first = folder.appendingPathComponent("first").path
            try "old".write(toFile: first, atomically: false, encoding: .utf8)
            var changes = FileChanges()
            changes.put("new", into: first, mode: 0o644)
            changes.put("secret", into: "\(first)/second", mode: 0o600)
            #expect(throws: OperatorError.self) { try changes.make() }
            #expect(try String(contentsOfFile: first, encoding: .utf8) == "old")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names == ["first"])
        }
    }

    @Test func `a secret's folder is its owner's alone, and a link stays one`() async throws {
        try await withTemporaryFolder { folder in
            let (place, link) = ("\(folder.path)/secrets/key", "\(folder.path)/link")
            var changes = FileChanges()
            changes.put("1", into: place, mode: 0o600)
            try changes.make()
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: place)
            var others = FileChanges()
            others.put("2", into: link, mode: 0o600)
            try others.make()
            #expect(try String(contentsOfFile: place, encoding: .utf8) == "2")
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(folder.path)/secrets")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }

    @Test func `a link takes the place of another, with the files or not at all`() async throws {
        try await withTemporaryFolder { folder in
            let (link, file) = ("\(folder.path)/units/link", "\(folder.path)/file")
            for target in ["/a", "/b"] {
                var changes = FileChanges()
                changes.put(target, into: file, mode: 0o644)
                changes.link(link, to: target)
                try changes.make()
                let found = try FileManager.default.destinationOfSymbolicLink(atPath: link)
                #expect(found == target)
            }
            var failing = FileChanges()
            failing.put("/c", into: file, mode: 0o644)
            failing.link("\(file)/link", to: "/c")
            #expect(throws: OperatorError.self) { try failing.make() }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "/b")
        }
    }

    @Test func `an org's places are those of its unit`() throws {
        let places = try #require(ServicePlaces(org: "acme"))
        #expect(places.unit == "leadconvertd@acme.service")
        #expect(places.settings == "/etc/leadconvertd@acme.env")
        #expect(
            places.file(of: .clientSecret) == "/etc/leadconvertd@acme/salesforce_client_secret")
        #expect(places.queue == "/var/lib/leadconvertd@acme/queue.db")
        #expect(ServicePlaces(org: nil)?.queue == "/var/lib/leadconvertd/queue.db")
        for name in ["", "../x", "a b", "1", "-x", "a/b", String(repeating: "a", count: 65)] {
            #expect(ServicePlaces(org: name) == nil, "\(name)")
        }
    }
}
