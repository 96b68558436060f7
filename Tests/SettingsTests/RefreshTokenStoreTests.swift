import Conversion
import Foundation
import Salesforce
import Testing

@testable import Settings

@Suite struct RefreshTokenStoreTests {
    @Test func `replaces the file that the token came from`() throws {
        try withFolder { folder in
            let file = try folder.holding("first\n", in: "token")
            var (token, store) = try given(["SALESFORCE_REFRESH_TOKEN_FILE": file])
            #expect(token == Secret("first"))
            #expect(try store.keep("second") == file)
            #expect(try folder.text(of: "token") == "second\n")
            #expect(try folder.mode(of: "token") == 0o600)
            #expect(try folder.names() == ["token"])
            (token, _) = try given(["SALESFORCE_REFRESH_TOKEN_FILE": file])
            #expect(token == Secret("second"))
        }
    }

    @Test func `leaves a link to the file a link`() throws {
        try withFolder { folder in
            _ = try folder.holding("first\n", in: "token")
            let link = folder.path("link")
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: folder.path("token"))
            var (_, store) = try given(["SALESFORCE_REFRESH_TOKEN_FILE": link])
            _ = try store.keep("second")
            #expect(try folder.text(of: "token") == "second\n")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) != "")
        }
    }

    @Test func `keeps what succeeds a credential in the state directory`() throws {
        try withFolder { credentials in
            try withFolder { state in
                _ = try credentials.holding("first", in: "salesforce_refresh_token")
                let environment = [
                    "CREDENTIALS_DIRECTORY": credentials.path, "STATE_DIRECTORY": state.path,
                ]
                var (token, store) = try given(environment)
                #expect(token == Secret("first"))
                _ = try store.keep("second")
                _ = try store.keep("third")
                #expect(try state.mode(of: RefreshTokenStore.name) == 0o600)
                #expect(try credentials.text(of: "salesforce_refresh_token") == "first")
                (token, _) = try given(environment)
                #expect(token == Secret("third"))
                #expect(try !state.text(of: RefreshTokenStore.name).contains("first"))

                // The operator has consented again.
                _ = try credentials.holding("fourth", in: "salesforce_refresh_token")
                (token, store) = try given(environment)
                #expect(token == Secret("fourth"))
                _ = try store.keep("fifth")
                (token, _) = try given(environment)
                #expect(token == Secret("fifth"))
            }
        }
    }

    @Test func `a command that is typed keeps it where the service keeps it, for its user`() throws
    {
        try withFolder { root in
            let places = try #require(ServicePlaces(org: "acme", root: root.path))
            for folder in [places.secrets, places.state] {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true)
            }
            let secrets = URL(fileURLWithPath: places.secrets)
            let state = URL(fileURLWithPath: places.state)
            _ = try secrets.holding("first", in: "salesforce_refresh_token")
            let isRoot = geteuid() == 0
            if isRoot { #expect(chown(state.path, 4321, 4321) == 0) }

            let typed = places.adding(to: [:])
            var (token, store) = try given(typed)
            #expect(token == Secret("first"))
            #expect(try store.keep("second") == state.path(RefreshTokenStore.name))
            #expect(try secrets.text(of: "salesforce_refresh_token") == "first")
            #expect(try state.mode(of: RefreshTokenStore.name) == 0o600)
            #expect(state.owner(of: RefreshTokenStore.name) == (isRoot ? 4321 : geteuid()))

            // The unit's own credentials and the next command both know it as its successor.
            (token, _) = try given(typed)
            #expect(token == Secret("second"))
            try withFolder { credentials in
                _ = try credentials.holding("first", in: "salesforce_refresh_token")
                let unit = [
                    "CREDENTIALS_DIRECTORY": credentials.path, "STATE_DIRECTORY": state.path,
                ]
                (token, _) = try given(unit)
                #expect(token == Secret("second"))
                #expect(places.adding(to: unit) == unit)
            }
        }
    }

    @Test func `root's new token stays its owner's where it is replaced`() throws {
        guard geteuid() == 0 else { return }
        try withFolder { folder in
            let file = try folder.holding("first", in: "token")
            #expect(chown(file, 4321, 4321) == 0)
            var (_, store) = try given(["SALESFORCE_REFRESH_TOKEN_FILE": file])
            _ = try store.keep("second")
            #expect(folder.owner(of: "token") == 4321)
            #expect(try folder.mode(of: "token") == 0o600)

            // A service's group reads what is root's.
            #expect(chown(file, 0, 4321) == 0 && chmod(file, 0o640) == 0)
            _ = try store.keep("third")
            #expect(folder.owner(of: "token") == 0)
            #expect(try folder.mode(of: "token") == 0o640)
        }
    }

    @Test func `follows no link in the state directory`() throws {
        try withFolder { state in
            _ = try state.holding("precious", in: "queue.db")
            var (_, store) = try given([
                "SALESFORCE_REFRESH_TOKEN": "first", "STATE_DIRECTORY": state.path,
            ])
            try FileManager.default.createSymbolicLink(
                atPath: state.path(RefreshTokenStore.name),
                withDestinationPath: state.path("queue.db"))
            _ = try store.keep("second")
            #expect(try state.text(of: "queue.db") == "precious")
            #expect(try state.text(of: RefreshTokenStore.name).hasPrefix("second\n"))
        }
    }

    @Test func `turns to the state directory when the file cannot be replaced`() throws {
        try withFolder { folder in
            try withFolder { state in
                let file = try folder.holding("first", in: "token")
                let environment = [
                    "SALESFORCE_REFRESH_TOKEN_FILE": file, "STATE_DIRECTORY": state.path,
                ]
                var (_, store) = try given(environment)
                _ = try store.keep("second")
                // A folder in the way stops everybody, the superuser too.
                try FileManager.default.createDirectory(
                    atPath: folder.path("token.new"), withIntermediateDirectories: false)
                #expect(try store.keep("third") == state.path(RefreshTokenStore.name))
                let (token, _) = try given(environment)
                #expect(token == Secret("third"))
            }
        }
    }

    @Test func `says what to do when there is no place`() throws {
        var (_, store) = try given(["SALESFORCE_REFRESH_TOKEN": "first"])
        #expect(!store.hasPlace)
        let error = #expect(throws: OperatorError.self) { try store.keep("second") }
        #expect(error?.status == .cannotCreate)
        #expect(error?.description.contains("SALESFORCE_REFRESH_TOKEN_FILE") == true)
        #expect(error?.description.contains("second") == false)
    }

    @Test func `uses no given token in the place of an unreadable successor`() throws {
        try withFolder { state in
            let environment = [
                "SALESFORCE_REFRESH_TOKEN": "first", "STATE_DIRECTORY": state.path,
            ]
            let path = try state.holding("nonsense", in: RefreshTokenStore.name)
            var error = #expect(throws: OperatorError.self) { try given(environment) }
            #expect(error?.sentence.contains("\(path): is not as we wrote it") == true)
            #expect(error?.sentence.contains("nonsense") == false)
            #expect(chmod(path, 0o644) == 0)
            error = #expect(throws: OperatorError.self) { try given(environment) }
            #expect(error?.sentence.contains("chmod 600 \(path)") == true)
        }
    }

    private func given(_ environment: [String: String]) throws -> (Secret, RefreshTokenStore) {
        let environment = environment.merging(["SALESFORCE_CLIENT_ID": "id"]) { $1 }
        let settings = try DaemonSettings(environment: environment)
        guard case .refreshToken(_, _, let token) = settings.salesforce.login else {
            preconditionFailure("not the refresh token flow")
        }
        return (token, try #require(settings.refreshTokenStore))
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let result = Result { try body(folder) }
        try FileManager.default.removeItem(at: folder)
        try result.get()
    }
}

extension URL {
    fileprivate func path(_ name: String) -> String { appendingPathComponent(name).path }

    fileprivate func holding(_ text: String, in name: String) throws -> String {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        #expect(chmod(path(name), 0o600) == 0)
        return path(name)
    }

    fileprivate func text(of name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    fileprivate func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    fileprivate func owner(of name: String) -> UInt32? {
        var status = stat()
        return stat(path(name), &status) == 0 ? status.st_uid : nil
    }

    fileprivate func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
