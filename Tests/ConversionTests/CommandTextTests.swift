import Conversion
import Testing

@Suite struct CommandTextTests {
    @Test(
        arguments: [
            ("next", ["next"]),
            ("  /opt/next\t--quiet \n now ", ["/opt/next", "--quiet", "now"]),
            (#"mail -s 'All done' "Jane Doe""#, ["mail", "-s", "All done", "Jane Doe"]),
            (#"a '' "" b"#, ["a", "", "", "b"]),
            (#"a b'c'"d"e"#, ["a", "bcde"]),
            (#"a one\ word \'\"\\"#, ["a", "one word", #"'"\"#]),
            (
                #"a 'no \ escape' "an \"escape\" \\ \$5 \n""#,
                [
                    "a", #"no \ escape"#, #"an "escape" \ $5 \n"#,
                ]
            ),
            (
                "sh -c 'wc -l < \"$LEADCONVERT_RESULTS\" | mail me; true'",
                [
                    "sh", "-c", "wc -l < \"$LEADCONVERT_RESULTS\" | mail me; true",
                ]
            ),
            ("a *.csv ~ #1 x=y é", ["a", "*.csv", "~", "#1", "x=y", "é"]),
        ] as [(String, [String])])
    func `makes the words that a shell would make`(text: String, words: [String]) throws {
        let command = try CommandText(text)
        #expect(command.words == words)
        #expect(command.description == text)
    }

    @Test(
        arguments: [
            ("", .empty), (" \t", .empty), ("'' x", .empty), ("a 'b", .openQuote("'")),
            ("a \"b\\\"", .openQuote("\"")), ("a b\\", .openEscape), ("a | b", .needsShell("|")),
            ("a && b", .needsShell("&")), ("a > b", .needsShell(">")), ("a $B", .needsShell("$")),
            ("a \"$B\"", .needsShell("$")), ("a `b`", .needsShell("`")),
            ("bin/next x", .relativePath("bin/next")), ("./next", .relativePath("./next")),
            ("a b\0c", .zeroCharacter),
        ] as [(String, MalformedCommand)])
    func `says what is wrong`(text: String, error: MalformedCommand) {
        #expect(throws: error) { try CommandText(text) }
    }

    @Test func `says what to type`() {
        #expect(
            "\(MalformedCommand.openQuote("'"))"
                == #"has a ' that is never closed: close it, or write \' for the character"#)
        #expect(
            "\(MalformedCommand.needsShell("|"))"
                == "has a |, but no shell runs it: quote the character, or write sh -c '...'")
    }
}
