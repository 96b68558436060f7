/// The versions of the API that the simulated org knows.
enum APIVersion {
    /// Versions before the first are retired; those after the last do not exist yet.
    static let supported = 31...67

    static func check(_ text: String, _ dialect: Dialect) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "0", let number = Int(parts[0]) else {
            throw dialect == .soap ? .retiredVersion(.soap) : .notFound()
        }
        guard number <= supported.upperBound else {
            throw dialect == .soap ? .retiredVersion(.soap) : .notFound()
        }
        guard number >= supported.lowerBound else { throw .retiredVersion(dialect) }
    }

    /// What `/services/data/` tells anybody.
    static var list: JSON {
        .array(
            supported.map { number in
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
