import Foundation

/// What makes one lead's conversion in one call special.
struct ConversionCircumstances {
    var options = ConvertOptions()
    /// A row that another call holds.
    var lockedRow: Identifier?
    /// Chance, or a script, has this lead's row locked.
    var meetsLockFault = false
    /// What an incident answers for every lead.
    var incident: LeadFailure?
    var at: Date
}
