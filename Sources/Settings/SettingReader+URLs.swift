import Foundation

extension SettingReader {
    /// The address of a host, without a slash at its end: https, or http on this machine.
    mutating func hostURL(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            url.scheme == "https" || url.scheme == "http" && Self.isLoopback(host),
            ["", "/"].contains(url.path), url.query == nil, url.fragment == nil, url.user == nil
        else {
            report(
                name, value: text.contains("@") ? nil : text,
                "must be https://HOST without a path; http:// is for loopback addresses only"
            )
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return host == "localhost" || host == "::1" || host == "[::1]"
            || numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}
