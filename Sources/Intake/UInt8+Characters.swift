extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")

    /// Whether it ends a line.
    var isLineBreak: Bool { self == .lineFeed || self == .carriageReturn }

    /// Whether it is blank in JSON and at a line's ends.
    var isBlank: Bool { self == .space || self == .tab || isLineBreak }
}
