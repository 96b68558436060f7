import Foundation

/// A lead such as people enqueue: a name for the opportunity, and an owner.
struct SampleLead {
    let number: Int

    init(_ number: Int) {
        self.number = number
    }

    /// Its 18 characters; the last three say which of the others are capitals, here always the same.
    var id: String {
        let digits = String(number)
        return "00QWs" + String(repeating: "0", count: 10 - digits.count) + digits + "MAA"
    }

    static let header = "leadId,convertedStatus,opportunityName,ownerId\n"

    var row: String { "\(id),Closed - Converted,Autumn \(number),005Ws000000AbCdIAK\n" }

    /// Binds it to an insert of lead, status, opportunity name and owner, and runs that.
    func insert(with statement: Statement) throws {
        statement.bind(id, at: 1)
        statement.bind("Closed - Converted" as StaticString, at: 2)
        statement.bind("Autumn \(number)", at: 3)
        statement.bind("005Ws000000AbCdIAK" as StaticString, at: 4)
        try statement.run()
    }

    /// A file of them.
    static func write(_ count: Int, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Unfinished(description: "\(path) can't be made") }
        defer { file.closeFile() }
        var text = header
        for number in 0..<count {
            text += SampleLead(number).row
            if text.utf8.count > 1 << 20 {
                file.write(Data(text.utf8))
                text = ""
            }
        }
        file.write(Data(text.utf8))
    }
}
