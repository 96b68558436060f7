import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

/// The built daemon's page: what it needs to start, what it tells, and that it ends with it.
@Suite struct StatusPageDaemonTests {
    @Test func `the page tells of what the daemon does, and ends with it`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(30)
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_LISTEN": "127.0.0.1:0"])
            let url = try await daemon.pageURL()
            try await fixture.await("all are converted") { _ in
                try fixture.counts() == ["converted": 30]
            }
            let wanted = [
                "leadconvert_jobs{state=\"converted\"} 30",
                "leadconvert_attempts_total{kind=\"convert\",outcome=\"converted\",code=\"\"} 30",
                "leadconvert_calls_total{kind=\"convert\",result=\"ok\"} 3",
            ]
            try await within(.seconds(400), "the metrics tell of it") {
                while true {
                    let metrics = try await Page.get("\(url)/metrics").body
                    if wanted.allSatisfy({ metrics.contains("\n\($0)\n") }) { return }
                }
            }
            #expect(try await Page.get("\(url)/readyz").status == 200)
            #expect(try await Page.get("\(url)/").body.contains("Nothing is left to do."))
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            await #expect(throws: (any Error).self) {
                try await Page.get("\(url)/healthz", timeout: .milliseconds(200))
            }
        }
    }

    @Test func `an outage is told as not ready, with its reason`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: [
                "LEADCONVERT_LISTEN": "127.0.0.1:0", "SALESFORCE_LOGIN_URL": SilentPort().url,
            ])
            let url = try await daemon.pageURL()
            try await within(.seconds(400), "it is not ready") {
                while try await Page.get("\(url)/readyz").status != 503 {}
            }
            let answer = try await Page.get("\(url)/readyz")
            #expect(answer.body.contains("circuit open: waiting for the end of an outage"))
            #expect(try await Page.get("\(url)/healthz").status == 200)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func `a port that is taken ends the start with 71`() async throws {
        try await withFixture { fixture in
            let taken = SilentPort()
            let address = taken.url.replacing("http://", with: "")
            let end = try await fixture.startDaemon(changing: ["LEADCONVERT_LISTEN": address])
                .waitForExit()
            #expect(end.code == 71)
            #expect(
                end.errors.contains("LEADCONVERT_LISTEN=\(address): another program listens there.")
            )
        }
    }

    @Test(arguments: ["0.0.0.0:0", "[::]:0", "8230", "http://127.0.0.1:1"])
    func `an address that others can reach needs a token, and a wrong one is refused`(
        address: String
    ) async throws {
        try await withFixture { fixture in
            let end = try await fixture.startDaemon(changing: ["LEADCONVERT_LISTEN": address])
                .waitForExit()
            #expect(end.code == 78)
            #expect(end.errors.contains("LEADCONVERT_LISTEN=\(address): "))
        }
    }

    @Test func `a token from its file opens the page to others`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("token")
            try Data("a-long-token\n".utf8).write(to: file)
            chmod(file.path, 0o600)
            let socket = try NotifySocket(in: fixture.folder)
            let daemon = try fixture.startDaemon(changing: [
                "LEADCONVERT_LISTEN": "0.0.0.0:0", "LEADCONVERT_LISTEN_TOKEN_FILE": file.path,
                "NOTIFY_SOCKET": socket.path,
            ])
            try await socket.waitFor("READY=1")
            let url = try await daemon.pageURL().replacing("0.0.0.0", with: "127.0.0.1")
            #expect(try await Page.get("\(url)/metrics").status == 401)
            #expect(try await Page.get("\(url)/metrics", token: "a-long-token").status == 200)
            daemon.terminate()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(!end.errors.contains("a-long-token"))
        }
    }

    @Test func `floods, slow readers and huge headers neither stop the drain nor hold up a stop`()
        async throws
    {
        try await withFixture { fixture in
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_LISTEN": "127.0.0.1:0"])
            let url = try await daemon.pageURL()
            let port = try #require(UInt16(url.split(separator: ":").last ?? ""))
            // More connections than are served: some begin a request and never end it, some ask for
            // many pages and read none of them, some send a head without an end.
            let requests = [
                "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                String(repeating: "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", count: 200),
                "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + String(repeating: "x", count: 100_000),
            ]
            let visitors = (0..<200).map { Visitor(port: port, sends: requests[$0 % 3]) }
            try await fixture.enqueueLeads(50)
            try await fixture.await("all are converted all the same") { _ in
                try fixture.counts() == ["converted": 50]
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            withExtendedLifetime(visitors) {}
        }
    }
}

/// Somebody who connects, sends something, and then neither reads nor goes.
private final class Visitor: Sendable {
    private let descriptor: Int32

    init(port: UInt16, sends text: String) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    deinit { close(descriptor) }
}
