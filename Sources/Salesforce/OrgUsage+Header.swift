import Conversion
import NIOHTTP1

extension OrgUsage {
    /// Reads `Sforce-Limit-Info: api-usage=10018/100000; api-bursts=1/750`.
    ///
    /// The header has had several forms, with more keys and with `(appName=...)` behind a value;
    /// only `api-usage` is read.
    /// Source: REST API Developer Guide, "Limit Info Header".
    init?(header headers: HTTPHeaders) {
        for entry in headers["Sforce-Limit-Info"].flatMap({ $0.split(separator: ";") }) {
            let pair = entry.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].trimmed == "api-usage" else { continue }
            let counts = pair[1].prefix { $0 != "(" }.split(separator: "/").map(\.trimmed)
            guard counts.count == 2, let current = Int(counts[0]), let limit = Int(counts[1])
            else { continue }
            self.init(told: current, of: limit)
            return
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        return start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count)
    }
}
