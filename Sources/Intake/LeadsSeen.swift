import Conversion

/// The leads of one input and where each was first seen: 20 bytes a lead, so that a million of
/// them take some 40 MB and a second mention is never a guess.
struct LeadsSeen {
    private var places: [UInt128: UInt32] = [:]

    /// Remembers a lead.
    /// - Returns: Where it was seen before; nil the first time.
    mutating func place(of lead: RecordID, remembering place: Int) -> Int? {
        let key = Self.key(lead)
        if let first = places[key] { return Int(first) }
        places[key] = UInt32(clamping: place)
        return nil
    }

    /// The fifteen characters that tell one record from another, as one number: no two leads
    /// share it, which a hash could not promise.
    private static func key(_ lead: RecordID) -> UInt128 {
        lead.description.utf8.prefix(15).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
