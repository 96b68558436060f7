/// Numbers of rows in an order, of which there may be ten million: those that follow each other, as
/// most rows of one kind do, take the memory of one.
struct RowNumbers: Sendable {
    private(set) var runs: [ClosedRange<Int64>] = []
    /// The runs before this one are taken.
    private var next = 0

    var isEmpty: Bool { next == runs.count }

    mutating func append(_ number: Int64) {
        if let last = runs.last, next < runs.count, last.upperBound + 1 == number {
            runs[runs.count - 1] = last.lowerBound...number
        } else {
            runs.append(number...number)
        }
    }

    /// The first of them, so many if there are.
    func first(_ count: Int) -> [Int64] {
        var rest = self
        return rest.take(count)
    }

    /// Takes the first of them out, so many if there are.
    @discardableResult
    mutating func take(_ count: Int) -> [Int64] {
        var numbers: [Int64] = []
        while numbers.count < count, next < runs.count {
            let run = runs[next]
            let taken = run.prefix(count - numbers.count)
            numbers += taken
            if taken.count == run.count {
                next += 1
            } else {
                runs[next] = run.lowerBound + Int64(taken.count)...run.upperBound
            }
        }
        return numbers
    }
}
