import Conversion
import Foundation
import Testing

@testable import Settings

@Suite struct EnvironmentFileTests {
    @Test(
        arguments: [
            ("A=1\nB=2\n", ["A": "1", "B": "2"]), ("A=1", ["A": "1"]), ("", [:]),
            ("# A=1\n; B=2\n\n  \t\n  C=3\n", ["C": "3"]),
            ("A=1\nA=2\n", ["A": "2"]), ("A=\nB=\n", ["A": "", "B": ""]),
            ("A=  20:00-06:00 Europe/Berlin  \n", ["A": "20:00-06:00 Europe/Berlin"]),
            ("A=a=b#c;d\n", ["A": "a=b#c;d"]), ("A =1\n", ["A": "1"]),
            ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]),
            ("A='a \"b\" \\ $c'\n", ["A": "a \"b\" \\ $c"]),
            ("A=\"a 'b' \\\" \\\\ \\$ \\n\"\n", ["A": "a 'b' \" \\ $ \\n"]),
            ("A=\"  x  \"  \n", ["A": "  x  "]), ("A=a' 'b\" \"c\n", ["A": "a' 'b\" \"c"]),
            (
                "A=o'brien@example.org\nB='x'  \"y\" z'\n",
                ["A": "o'brien@example.org", "B": "xyz'"]
            ),
            ("A=a\\ \\\"b\\\\\n", ["A": "a \"b\\"]), ("A=a\\\nb\nB=2\n", ["A": "ab", "B": "2"]),
            ("A=\"two\nlines\"\nB=2\n", ["A": "two\nlines", "B": "2"]),
            ("A=é😀\n", ["A": "é😀"]),
        ] as [(String, [String: String])])
    func `reads lines as systemd does`(text: String, expected: [String: String]) throws {
        var lines = EnvironmentLines(text)
        let variables = try lines.variables()
        #expect(variables == expected)
    }

    @Test(arguments: [
        ("A=1\nhush\n", "line 2 must be NAME=value"), ("export A=hush\n", "line 1 must be"),
        ("=hush\n", "line 1 must be"), ("1A=hush\n", "line 1 must be"),
        ("A=1\n\nB='hush\n", "the quote that line 3 opens is never closed"),
        ("A=\"hush\\", "the quote that line 1 opens is never closed"),
    ])
    func `says which line is wrong and not what it holds`(text: String, rule: String) {
        var lines = EnvironmentLines(text)
        let error = #expect(throws: UnusableFile.self) { try lines.variables() }
        #expect(error?.rule.hasPrefix(rule) == true)
        #expect(error?.rule.contains("hush") == false)
    }

    @Test func `wins over the environment and the flag over its name`() throws {
        try withFile("LEADCONVERT_CALL_SIZE=7\n") { path in
            let environment = ["LEADCONVERT_CALL_SIZE": "8", "LEADCONVERT_BURST": "9"]
            let expected = ["LEADCONVERT_CALL_SIZE": "7", "LEADCONVERT_BURST": "9"]
            #expect(try EnvironmentFile.adding(to: environment, flag: path) == expected)
            #expect(try EnvironmentFile.adding(to: environment, flag: nil) == environment)
            let named = try EnvironmentFile.adding(
                to: ["LEADCONVERT_ENV_FILE": path], flag: nil)
            #expect(named["LEADCONVERT_CALL_SIZE"] == "7")
            let flagged = try EnvironmentFile.adding(
                to: ["LEADCONVERT_ENV_FILE": "/nonexistent"], flag: path)
            #expect(flagged["LEADCONVERT_CALL_SIZE"] == "7")
        }
    }

    @Test func `names a file that it cannot read`() {
        let error = #expect(throws: OperatorError.self) {
            try EnvironmentFile.adding(to: [:], flag: "/nonexistent")
        }
        #expect(error?.status == .configuration)
        #expect(error?.sentence == "/nonexistent: can't be read: No such file or directory.")
    }

    @Test func `refuses a file with a secret that others can read`() throws {
        try withFile("SALESFORCE_CLIENT_SECRET=hush\n", mode: 0o644) { path in
            let error = #expect(throws: OperatorError.self) {
                try EnvironmentFile.adding(to: [:], flag: path)
            }
            #expect(error?.sentence.contains("chmod 600 \(path)") == true)
            #expect(chmod(path, 0o640) == 0)
            let variables = try EnvironmentFile.adding(to: [:], flag: path)
            #expect(variables == ["SALESFORCE_CLIENT_SECRET": "hush"])
        }
        try withFile("SALESFORCE_CLIENT_SECRET_FILE=/etc/x\n", mode: 0o644) { path in
            let variables = try EnvironmentFile.adding(to: [:], flag: path)
            #expect(variables == ["SALESFORCE_CLIENT_SECRET_FILE": "/etc/x"])
        }
    }

    private func withFile(
        _ text: String, mode: mode_t = 0o644, _ body: (String) throws -> Void
    ) throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("settings-\(UUID().uuidString)").path
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        #expect(chmod(file, mode) == 0)
        let result = Result { try body(file) }
        try FileManager.default.removeItem(atPath: file)
        try result.get()
    }
}
