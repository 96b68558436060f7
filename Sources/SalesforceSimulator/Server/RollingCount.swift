/// How often something happened lately, counted by the minute.
///
/// The window rolls: what was used at 05:00 is free again at 05:00 the next day.
struct RollingCount {
    private let window: Int
    private var minutes: [(minute: Int, count: Int)] = []
    private var total = 0

    init(minutes window: Int) { self.window = window }

    mutating func add(_ count: Int = 1, at seconds: Double) {
        let minute = Int(seconds / 60)
        if minutes.last?.minute == minute {
            minutes[minutes.count - 1].count += count
        } else {
            minutes.append((minute, count))
        }
        total += count
    }

    mutating func count(at seconds: Double) -> Int {
        let oldest = Int(seconds / 60) - window
        while let first = minutes.first, first.minute <= oldest {
            total -= first.count
            minutes.removeFirst()
        }
        return total
    }
}
