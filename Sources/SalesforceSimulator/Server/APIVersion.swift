/// The versions of the API that the simulated org knows.
enum APIVersion {
    /// The newest; those after it do not exist yet.
    static let newest = 67

    /// - Parameter oldest: Versions before it are retired.
    static func check(_ text: String, _ dialect: Dialect, oldest: Int) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "0", let number = Int(parts[0]) else {
            throw dialect == .soap ? .retiredVersion(.soap) : .notFound()
        }
        guard number <= newest else {
            throw dialect == .soap ? .retiredVersion(.soap) : .notFound()
        }
        guard number >= oldest else { throw .retiredVersion(dialect) }
    }

    /// What `/services/data/` tells anybody.
    static func list(from oldest: Int) -> JSON {
        .array(
            (oldest...newest).map { number in
                .object([
                    "label": .string(label(number)),
                    "url": .string("/services/data/v\(number).0"),
                    "version": .string("\(number).0"),
                ])
            })
    }

    /// Three releases a year: 67 is Summer '26, 66 is Spring '26, 65 is Winter '26.
    private static func label(_ number: Int) -> String {
        let season = ["Spring", "Summer", "Winter"][number % 3]
        return "\(season) '\((number + 1) / 3 + 4)"
    }
}
