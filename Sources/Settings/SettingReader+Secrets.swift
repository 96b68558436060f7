import Foundation

/// A secret, and the file that it came from.
struct FoundSecret {
    let text: SecretText
    /// The file, or nil when the variable itself held the secret.
    let file: String?
}

extension SettingReader {
    /// Whether the secret is given in any of the ways in which it can be.
    func isGiven(_ name: String) -> Bool {
        text(name) != nil || text("\(name)_FILE") != nil || credential(name) != nil
    }

    /// The secret of that name: from the variable, from the file that `NAME_FILE` names, or from
    /// systemd's credentials. Nil, with the reason noted, when it can't be had.
    mutating func secret(_ name: String) -> FoundSecret? {
        let fileName = "\(name)_FILE"
        switch (text(name), text(fileName)) {
        case (_?, _?):
            report(name, "is set beside \(fileName): set one of them")
            return nil
        case (let text?, nil):
            return FoundSecret(text: SecretText(text), file: nil)
        case (nil, let path?):
            return secret(of: fileName, in: path)
        case (nil, nil):
            guard let path = credential(name) else { return nil }
            return secret(of: name, in: path)
        }
    }

    /// The credential of that name, in lower case, if systemd gave the unit one.
    private func credential(_ name: String) -> String? {
        guard let folder = text("CREDENTIALS_DIRECTORY") else { return nil }
        return [name, "\(name)_FILE"].map { "\(folder)/\($0.lowercased())" }
            .first(where: FileManager.default.fileExists(atPath:))
    }

    private mutating func secret(of name: String, in path: String) -> FoundSecret? {
        do {
            let text = try SecretFile(path).text(isGuarded: isCredential(path))
            return FoundSecret(text: SecretText(text), file: path)
        } catch {
            report(name, value: path, error.rule)
            return nil
        }
    }

    /// systemd's credentials are in a folder that only the unit can enter.
    func isCredential(_ path: String) -> Bool {
        text("CREDENTIALS_DIRECTORY").map { path.hasPrefix("\($0)/") } ?? false
    }
}
