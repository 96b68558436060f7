public import Conversion

/// What one row of the input came to.
public enum IntakeRow: Equatable, Sendable {
    /// A lead to convert. `line` is where the row begins, counted from 1 as an editor counts, or
    /// the row's number where there are no lines; `position` is the row's place among all rows of
    /// its input, from 1, refused ones included.
    case lead(LeadConversion, line: Int, position: Int)
    /// A row that can't be taken: where it begins, and a reason that names the field and says
    /// what to do, without the row's own data.
    case refused(line: Int, reason: String)
}
