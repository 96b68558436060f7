import Conversion
import Testing

@testable import Intake

@Suite struct StreamingTests {
    private static let csv =
        "\u{FEFF}leadId,convertedStatus,opportunityName\r\n"
        + "00QWs000001AbcDMAS,Dönè,\"a \"\"b\"\"\r\nc\"\r\n\r\nbad,x,y\r\n00QWs000001AbcDMAS,D,\"\""
    private static let json =
        "\n [ {\"leadId\" : \"00QWs000001AbcDMAS\", \"convertedStatus\": "
        + "\"D\\\"ö\\u00e9]\"} , {}, [1, {\"a\": \"[\"}] ] \n"
    private static let lines =
        "{\"leadId\":\"00QWs000001AbcDMAS\",\"convertedStatus\":\"ö\"}\r\n"
        + "\r\n {}\n\n{\"leadId\":\"00QWs000001AbcDMAS\",\"convertedStatus\":\"b\"}"

    @Test(arguments: [csv, json, lines])
    func `reads the same wherever the pieces end`(text: String) throws {
        let whole = try rows(text)
        #expect(whole.count == 3)
        for piece in 1..<text.utf8.count {
            #expect(try rows(text, piece: piece) == whole)
        }
    }

    @Test func `refuses a row that is longer than any row needs to be`() throws {
        let good = "00QWs000001AbcDMAS,Done,\n"
        let long = "00QWs000001AbcDMAS,Done," + String(repeating: "x", count: 3 << 20) + "\n"
        let other = "00QWs000001AbcE,Done,\n"
        let all = try rows("leadId,convertedStatus,opportunityName\n" + good + long + other)
        #expect(all.map(\.line) == [2, 3, 4])
        #expect(all[1].reason == "longer than 1048576 bytes: no row needs that many")
        #expect(all[2].lead != nil)
    }

    @Test(arguments: [0, 1], ["\n", ",\n", ",x\n", ""])
    func `refuses a long row whose closing quote is beside a piece's end`(
        inFirst: Int, rest: String
    ) throws {
        let head = "leadId,convertedStatus\n\""
        let length = RowError.longestRow + (1 << 16) - head.utf8.count - inFirst
        let text = head + String(repeating: "x", count: length) + "\"" + rest
        let all = try rows(text)
        #expect(all.map(\.line) == [2])
        #expect(all.first?.reason == RowError.tooLong.reason)
    }

    @Test(arguments: [
        "a,b\n\"one\",\"tw\"\"o\"\n\n\"th\nree\",\"\"\r\n,\"fo\"ur,5\nü,\"six,\"",
        "a,b\n\"\"\"\",x\n\"\"\"\"\n\"\",\"x\"\r\"s,\r\n,even\"\"\",\"8\"\nnine,\"open\n,",
    ])
    func `a row's length alone decides, wherever the pieces end`(text: String) throws {
        let whole = try scanned(text, piece: text.utf8.count, longestRow: text.utf8.count)
        #expect(whole.count > 4)
        for longestRow in 4...text.utf8.count {
            let expected = whole.map { row in
                row.bytes > longestRow ? row.refused : row
            }
            for piece in 1...text.utf8.count {
                #expect(try scanned(text, piece: piece, longestRow: longestRow) == expected)
            }
        }
    }

    @Test(arguments: [IntakeFormat.csv, .json, .ndjson])
    func `holds only a piece of an endless line`(format: IntakeFormat) throws {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        var left = 160
        var sentHead = format == .ndjson
        let source = ByteSource(name: "endless") {
            if !sentHead {
                sentHead = true
                return Array(format == .csv ? "leadId,convertedStatus\n\"".utf8 : "[\"".utf8)
            }
            left -= 1
            return left >= 0 ? piece : []
        }
        var reader = try RowReader(source, format: format)
        if format == .json {
            #expect(throws: OperatorError.self) { try reader.next() }
        } else {
            #expect(try reader.next()?.reason != nil)
            #expect(try reader.next() == nil)
        }
    }

    @Test(
        arguments: [
            ([0xFF, 0xFE, 0x00, 0xD8], "leads.csv: not UTF-16 text."),
            ([0xFE, 0xFF, 0x00], "leads.csv: not UTF-16 text."),
            ([0x6C, 0x00, 0x65, 0x00], "leads.csv:1: not UTF-8 text."),
            ([0x0A, 0xFC, 0x2C], "leads.csv:2: not UTF-8 text."),
            ([0x7F, 0x45, 0x4C, 0x46, 0x00, 0x01], "leads.csv:1: not UTF-8 text."),
        ] as [([UInt8], String)])
    func `takes nothing of what is not text`(bytes: [UInt8], sentence: String) throws {
        let error = #expect(throws: OperatorError.self) { try rows(bytes) }
        #expect(error?.status == .dataRefused)
        #expect(error?.sentence == sentence)
    }

    @Test func `condemns a file at its first line in another encoding`() throws {
        let text = "leadId,convertedStatus\n00QWs000001AbcDMAS,Done\n00QWs000001AbcDMAS,D"
        var reader = try RowReader(ByteSource(Array(text.utf8) + [0xF6, 0x6E, 0x65, 0x0A]))
        #expect(try reader.next()?.lead != nil)
        let error = #expect(throws: OperatorError.self) { try reader.next() }
        #expect(error?.sentence == "leads.csv:3: not UTF-8 text.")
    }

    @Test(arguments: [
        ("a/leads.csv", IntakeFormat.csv), ("leads.JSON", .json), ("x.y/leads.jsonl", .ndjson),
        ("leads.ndjson", .ndjson), ("leads", nil), ("x.csv/leads", nil), ("leads.txt", nil),
    ])
    func `knows a format by the extension`(path: String, expected: IntakeFormat?) {
        #expect(IntakeFormat(pathExtensionOf: path) == expected)
    }

    @Test func `says that a file is missing or is a folder`() throws {
        let missing = #expect(throws: OperatorError.self) {
            try ByteSource(path: "/nonexistent/leads.csv")
        }
        #expect(missing?.status == .notFound)
        let folder = #expect(throws: OperatorError.self) {
            try RowReader(ByteSource(path: "/"))
        }
        #expect(folder?.status == .inputOutput)
    }
}

/// A row of CSV as the scanner sees it.
private struct ScannedRow: Equatable {
    let line: Int
    /// Its length; 0 where it is refused for that, because then its end alone is held.
    let bytes: Int
    let cells: [String]
    let error: RowError?

    var refused: ScannedRow { ScannedRow(line: line, bytes: 0, cells: [], error: .tooLong) }
}

private func scanned(
    _ text: String, piece: Int, longestRow: Int
) throws(OperatorError) -> [ScannedRow] {
    var scanner = CSVScanner(ByteSource(text.utf8, piece: piece), longestRow: longestRow)
    var rows: [ScannedRow] = []
    var record = try scanner.header()
    while let found = record {
        switch found.content {
        case .success(let cells):
            rows.append(
                ScannedRow(
                    line: found.line, bytes: found.bytes.count,
                    cells: cells.map { found.text(of: $0) }, error: nil))
        case .failure(let error):
            rows.append(
                ScannedRow(
                    line: found.line, bytes: error == .tooLong ? 0 : found.bytes.count,
                    cells: [], error: error))
        }
        record = try scanner.next()
    }
    return rows
}
