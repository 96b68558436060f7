extension String {
    /// What stands between two marks, the first time they come.
    func between(_ start: String, _ end: String) -> String? {
        guard let from = firstRange(of: start)?.upperBound,
            let to = self[from...].firstRange(of: end)?.lowerBound
        else { return nil }
        return String(self[from..<to])
    }

    /// Everything that stands in elements of this name.
    func all(_ element: String) -> [String] {
        split(separator: "<\(element)>").dropFirst().compactMap { part in
            part.firstRange(of: "</\(element)>").map { String(part[..<$0.lowerBound]) }
        }
    }
}
