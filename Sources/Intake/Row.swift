/// A row of the input, in whatever format it came.
protocol Row {
    /// What stands under the field's own name, or nil when nothing does.
    func value(of field: LeadField) -> Value?

    /// What a placeholder points to, or nil when the row has no such place.
    func value(at path: TemplatePath) -> Value?
}
