import Glibc

/// The server's end of one connection: HTTP/1.1 with content lengths, as both programs speak it.
final class Connection {
    /// A request, whole.
    struct Request {
        var target: Substring
        var body: ArraySlice<UInt8>

        var isConversion: Bool { target.contains("/services/Soap/") }
    }

    private let descriptor: CInt
    private var received: [UInt8] = []

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        var on: CInt = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// The next request; nil when the other end has gone.
    func next() -> Request? {
        received.removeAll(keepingCapacity: true)
        var end: Int?
        while end == nil {
            guard receive() else { return nil }
            end = received.range(of: Array("\r\n\r\n".utf8), from: 0)?.upperBound
        }
        guard let end else { return nil }
        let head = String(decoding: received[..<end], as: UTF8.self)
        let length = contentLength(of: head)
        while received.count < end + length {
            guard receive() else { return nil }
        }
        let words = head.split(separator: " ", maxSplits: 2)
        return Request(target: words.count > 1 ? words[1] : "", body: received[end...])
    }

    /// Sends an answer of status 200.
    func answer(_ body: [UInt8]) {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n"
        let bytes = Array(head.utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func receive() -> Bool {
        let part = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        received += part
        return !part.isEmpty
    }

    private func contentLength(of head: String) -> Int {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            return Int(parts[1].drop { $0 == " " }) ?? 0
        }
        return 0
    }
}

extension Collection<UInt8> where Index == Int {
    /// Where some bytes stand, if they do.
    func range(of bytes: [UInt8], from start: Int) -> Range<Int>? {
        let found = withContiguousStorageIfAvailable { all -> Int? in
            guard let base = all.baseAddress else { return nil }
            var offset = start - startIndex
            while all.count - offset >= bytes.count,
                let next = memchr(base + offset, CInt(bytes[0]), all.count - offset)
            {
                offset = UnsafeRawPointer(next) - UnsafeRawPointer(base)
                guard all.count - offset >= bytes.count else { return nil }
                if memcmp(base + offset, bytes, bytes.count) == 0 { return offset }
                offset += 1
            }
            return nil
        }
        guard let offset = found ?? nil else { return nil }
        return startIndex + offset..<startIndex + offset + bytes.count
    }
}
