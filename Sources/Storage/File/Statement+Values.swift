import GRDB

extension Statement {
    /// Runs a statement that runs once for each lead.
    ///
    /// It binds the values as they come; `execute(arguments:)` boxes them first, which takes as
    /// long again as SQLite takes for the row.
    func execute<each Value: StatementBinding>(with values: repeat each Value) throws {
        setUncheckedArguments([])
        var index: CInt = 0
        for value in repeat each values {
            index += 1
            let code = value.bind(to: sqliteStatement, at: index)
            precondition(code == ResultCode.SQLITE_OK.rawValue, "A statement takes its values.")
        }
        try execute()
    }
}
