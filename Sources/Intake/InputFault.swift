/// Why nothing of the input can be taken.
struct InputFault: Error, Equatable {
    /// The line that shows it.
    let line: Int
    /// What is wrong.
    let sentence: String
    /// What to do or to type.
    let remedy: String
}

extension InputFault {
    /// An input that isn't UTF-8.
    static func notText(line: Int) -> InputFault {
        InputFault(
            line: line, sentence: "not UTF-8 text",
            remedy: "Save the file as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE."
        )
    }
}
