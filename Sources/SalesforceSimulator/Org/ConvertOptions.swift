/// What a caller asks for all leads of a call.
struct ConvertOptions: Sendable {
    /// Over-long text is cut instead of refused.
    var truncatesText = false
    /// Duplicate rules that only warn are overridden.
    var savesDuplicates = false
}
