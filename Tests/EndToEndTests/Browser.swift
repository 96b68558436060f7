import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

extension Program {
    /// Chromium's remote control, where it is installed.
    static let chromeDriver = Program(file: URL(fileURLWithPath: "/usr/bin/chromedriver"))
}

/// A real browser, without a window, driven over WebDriver.
struct Browser {
    private let client: HTTPClient
    private let driver: String
    private let session: String

    /// What the driver said instead of doing what it was asked.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    fileprivate init(_ client: HTTPClient, driver: String) async throws {
        self.client = client
        self.driver = driver
        let options: [String: Any] = [
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        ]
        let capabilities = ["alwaysMatch": ["goog:chromeOptions": options]]
        let answer = try await Self.send(
            client, .POST, "\(driver)/session", ["capabilities": capabilities])
        guard let value = answer as? [String: Any], let id = value["sessionId"] as? String else {
            throw Refused(description: "no session: \(answer)")
        }
        session = "\(driver)/session/\(id)"
    }

    /// Shows a page.
    func open(_ url: String) async throws { _ = try await post("url", ["url": url]) }

    /// Runs a script in the page and gives what it returns.
    @discardableResult
    func run(_ script: String) async throws -> Any {
        try await post("execute/sync", ["script": script, "args": [String]()])
    }

    /// What a script that returns a text returns.
    func text(_ script: String) async throws -> String {
        try await run("return String(\(script))") as? String ?? ""
    }

    /// Waits until an expression is true of the page.
    ///
    /// A page that is being left, or is not there yet, refuses to answer: it is asked again. The question is
    /// asked from outside because a page whose scripts are off wakes no observer.
    func wait(until condition: String) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                if try await text("Boolean(\(condition))") == "true" { return }
                if ContinuousClock.now >= end { throw Refused(description: "never: \(condition)") }
            } catch let refused as Refused where ContinuousClock.now >= end {
                throw refused
            } catch is Refused {}
        }
    }

    /// Clicks what a selector finds, as a person does.
    func click(_ selector: String) async throws {
        let found = try await post("element", ["using": "css selector", "value": selector])
        guard let element = (found as? [String: String])?.values.first else {
            throw Refused(description: "\(selector): \(found)")
        }
        _ = try await post("element/\(element)/click", [:])
    }

    /// Presses keys where the focus is.
    func press(_ keys: String) async throws {
        let presses = keys.flatMap { key in
            ["keyDown", "keyUp"].map { ["type": $0, "value": String(key)] }
        }
        let source: [String: Any] = ["type": "key", "id": "keyboard", "actions": presses]
        _ = try await post("actions", ["actions": [source]])
    }

    /// Whether the page's own scripts run.
    func setScripts(on: Bool) async throws {
        try await command("Emulation.setScriptExecutionDisabled", ["value": !on])
    }

    /// How wide the window is, and whether it is dark around it.
    func show(width: Int, isDark: Bool) async throws {
        let size: [String: Any] = [
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        ]
        try await command("Emulation.setDeviceMetricsOverride", size)
        let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
        try await command("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    /// A picture of the whole page.
    func picture() async throws -> Data {
        let answer = try await command(
            "Page.captureScreenshot", ["captureBeyondViewport": true, "format": "png"])
        let text = (answer as? [String: Any])?["data"] as? String
        return text.flatMap { Data(base64Encoded: $0) } ?? Data()
    }

    @discardableResult
    private func command(_ name: String, _ parameters: [String: Any]) async throws -> Any {
        try await post("goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    private func post(_ path: String, _ body: [String: Any]) async throws -> Any {
        try await Self.send(client, .POST, "\(session)/\(path)", body)
    }

    fileprivate func close() async throws {
        _ = try await Self.send(client, .DELETE, session, nil)
    }

    private static func send(
        _ client: HTTPClient, _ method: HTTPMethod, _ url: String, _ body: [String: Any]?
    ) async throws -> Any {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            let bytes = try JSONSerialization.data(withJSONObject: body)
            request.body = .bytes(ByteBuffer(bytes: bytes))
        }
        let response = try await client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 50_000_000)
        let answer = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
        let value = (answer as? [String: Any])?["value"] ?? NSNull()
        guard response.status == .ok else { throw Refused(description: "\(url): \(value)") }
        return value
    }
}

/// Runs `body` with a browser, which is gone afterwards, whatever happens.
func withBrowser(_ body: (Browser) async throws -> Void) async throws {
    let program = try Program.chromeDriver.start(["--port=0"])
    let client = HTTPClient()
    do {
        try await program.waitFor("started successfully on port", within: .seconds(400))
        let port = program.output.split(separator: " ").last.map { $0.prefix { $0.isNumber } } ?? ""
        let browser = try await Browser(client, driver: "http://127.0.0.1:\(port)")
        do {
            try await body(browser)
            try await browser.close()
        } catch {
            try await browser.close()
            throw error
        }
    } catch {
        program.kill()
        try await client.shutdown()
        throw error
    }
    program.terminate()
    try await program.waitForExit()
    try await client.shutdown()
}
