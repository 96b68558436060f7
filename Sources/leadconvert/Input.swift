import Intake
import Storage

/// Rows to enqueue: what they are called, and how they are read.
struct Input {
    /// What messages call it.
    let name: String
    /// What stands between the name and a row's number: `leads.csv:7`, `other.db row 7`.
    let separator: String

    /// Reads all rows, one at a time.
    typealias Reading = (_ body: (IntakeRow) throws -> Void) throws -> Void

    private let prepare: () throws -> Reading

    /// Lines of a file or a stream.
    init(_ source: ByteSource, _ format: IntakeFormat?, _ mapping: Mapping) {
        name = source.name
        separator = ":"
        prepare = {
            let source = try source.atRest()
            return { body in
                var rows = try RowReader(source, format: format, mapping: mapping)
                while let row = try rows.next() { try body(row) }
            }
        }
    }

    /// Rows that a query gives.
    init(_ table: ForeignTable, _ mapping: Mapping) {
        name = table.path
        separator = " row "
        prepare = {
            { body in
                var reader = try TableReader(table.path, columns: table.columns, mapping: mapping)
                try table.read { try body(reader.read($0)) }
            }
        }
    }

    /// Waits for whatever has to be waited for: the queue must not be locked meanwhile.
    func prepared() throws -> Reading {
        try prepare()
    }
}
