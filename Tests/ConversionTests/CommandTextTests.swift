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
            ("", "names no program"), (" \t", "names no program"), ("'' x", "names no program"),
            ("a 'b", "has a ' that is never closed"), ("a \"b\\\"", "has a \" that is never"),
            ("a b\\", "ends in a backslash"), ("a | b", "has a |, but no shell runs it"),
            ("a && b", "has a &,"), ("a > b", "has a >,"), ("a $B", "has a $,"),
            ("a \"$B\"", "has a $,"), ("a `b`", "has a `,"),
            ("bin/next x", "names bin/next by a relative path"), ("./next", "names ./next by"),
            ("a b\0c", "has a character of value zero"),
        ])
    func `says what is wrong`(text: String, message: String) throws {
        let error = try #require(throws: MalformedCommand.self) { try CommandText(text) }
        #expect(error.description.hasPrefix(message))
    }

    @Test func `says what to type`() throws {
        let open = try #require(throws: MalformedCommand.self) { try CommandText("a 'b") }
        #expect(open.description.hasSuffix(#"close it, or write \' for the character"#))
        let shell = try #require(throws: MalformedCommand.self) { try CommandText("a | b") }
        #expect(shell.description.hasSuffix("quote the character, or write sh -c '...'"))
    }

    @Test(arguments: [
        ("a b", "'a b'"), ("it's", "\"it's\""), ("", "''"), ("a/b-c", "a/b-c"),
        ("evil\u{1B}]0;x\u{07}", #"$'evil\x1b]0;x\x07'"#), ("a'\\\n", #"$'a\'\\\x0a'"#),
        ("\u{9B}2J", #"$'\xc2\x9b2J'"#),
    ])
    func `a word for a shell holds nothing that a terminal obeys`(text: String, word: String) {
        #expect(text.shellQuoted == word)
    }
}
