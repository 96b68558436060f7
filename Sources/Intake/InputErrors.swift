import Conversion

/// Why one row can't be added.
struct RowError: Error, Equatable {
    /// The reason: which field, what is wrong, what to do; without the row's own data.
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The longest row that is kept, in bytes: a longer one is read to its end and refused.
    static let longestRow = 1 << 20

    static let tooLong = RowError("longer than \(longestRow) bytes: no row needs that many")

    /// The same, about that field.
    func of(_ field: LeadField) -> RowError {
        RowError("\(field): \(reason)")
    }
}

/// Why nothing of the input can be added.
struct InputError: Error, Equatable {
    let sentence: String
    /// What to do or to type.
    let remedy: String
    /// The line that shows it; nil where there are no lines.
    var line: Int?

    /// The error of a program that reads the input of this name.
    func of(_ name: String) -> OperatorError {
        let place = line.map { "\(name):\($0)" } ?? name
        return OperatorError(.dataRefused, "\(place): \(sentence).", remedy: remedy)
    }

    /// An input that isn't UTF-8.
    static func notText(line: Int) -> InputError {
        InputError(
            sentence: "not UTF-8 text",
            remedy: "Save the file as UTF-8, or name its encoding: --encoding windows-1252 (or "
                + "utf-16, iso-8859-1).", line: line
        )
    }
}
