/// Faults that were ordered for particular calls.
struct FaultScript {
    private var byNumber: [CallKind: [Int: Fault]] = [:]
    private var upcoming: [CallKind: [Fault]] = [:]
    private var received: [CallKind: Int] = [:]

    mutating func order(_ fault: Fault, forCall number: Int, of kind: CallKind) {
        byNumber[kind, default: [:]][number] = fault
    }

    mutating func order(_ fault: Fault, nextCalls count: Int, of kind: CallKind) {
        upcoming[kind, default: []] += Array(repeating: fault, count: count)
    }

    /// The number of a call among its kind, from 1, and the fault that was ordered for it.
    mutating func next(_ kind: CallKind) -> (number: Int, fault: Fault?) {
        received[kind, default: 0] += 1
        let number = received[kind, default: 1]
        if let fault = byNumber[kind]?.removeValue(forKey: number) { return (number, fault) }
        guard upcoming[kind]?.isEmpty == false else { return (number, nil) }
        return (number, upcoming[kind]?.removeFirst())
    }
}

/// Chance that repeats: the same seed, fault and number always fall the same way.
///
/// It is a hash and not a running generator, so that what happens to a call does not depend on
/// which other calls came before it. Source: the finaliser is SplitMix64, Steele, Lea and Flood, OOPSLA 2014.
struct SeededChance {
    var seed: UInt64

    /// Whether `fault` happens to the call of this kind, or to the lead, that has this number.
    func happens(_ fault: Fault, _ kind: CallKind, number: Int, rate: Double) -> Bool {
        rate > 0 && fraction((fault.rawValue + kind.rawValue).salt, number) < rate
    }

    /// A whole number in the range, for the latency of one call.
    func pick(_ range: ClosedRange<Int>, number: Int) -> Int {
        let width = Double(range.upperBound - range.lowerBound + 1)
        return range.lowerBound + Int(fraction(0, number) * width)
    }

    private func fraction(_ salt: UInt64, _ number: Int) -> Double {
        let bits = mixed(mixed(seed &+ salt) &+ UInt64(truncatingIfNeeded: number))
        return Double(bits >> 11) / Double(1 << 53)
    }

    private func mixed(_ value: UInt64) -> UInt64 {
        var bits = value &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

extension String {
    /// A number of the name, the same in every run; FNV-1a.
    fileprivate var salt: UInt64 {
        utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
