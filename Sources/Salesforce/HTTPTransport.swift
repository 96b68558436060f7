import AsyncHTTPClient
import Conversion
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends a request once, and tells exactly what is known of a failure.
///
/// It follows no redirect, since a POST would arrive twice or as something else, and tries nothing
/// a second time: each request is counted, recorded and paid for by the caller.
struct HTTPTransport: Sendable {
    /// 100 results with their errors are about 40 KB, 2,000 leads read about 600 KB.
    private static let answerLimit = 10 << 20

    /// The request would be sent later than its caller allows.
    private struct TooLate: Error {}

    private let client: HTTPClient
    private let connectTimeout: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Opens no connection yet. Must be closed before it is released.
    /// - Parameter now: A clock that runs while the machine is suspended.
    init(
        _ settings: SalesforceSettings,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws(OperatorError) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(settings.connectTimeout)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            max(1, settings.connections)
        // Salesforce drops idle connections too; the less they idle, the rarer a request goes
        // out on one that is closing, which leaves its outcome in doubt.
        configuration.connectionPool.idleTimeout = .seconds(20)
        configuration.tlsConfiguration = try Self.tls(trusting: settings.caFile)
        client = HTTPClient(configuration: configuration)
        connectTimeout = settings.connectTimeout
        self.now = now
    }

    private static func tls(trusting caFile: String?) throws(OperatorError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        // The library's own default is TLS 1.0; Salesforce takes nothing below 1.2.
        tls.minimumTLSVersion = .tlsv12
        guard let caFile else { return tls }
        do {
            let roots = try NIOSSLCertificate.fromPEMFile(caFile)
            tls.additionalTrustRoots = [.certificates(roots)]
            return tls
        } catch {
            throw OperatorError(
                .configuration, "SALESFORCE_CA_FILE can't be read as PEM certificates.",
                remedy: "Check that \(caFile) is there, readable, and holds BEGIN CERTIFICATE.")
        }
    }

    /// Sends once. A body is sent within the time for connecting, or not at all. It always returns: the
    /// deadline is for the whole answer. Should it not, `DrainStatus.isProgress` of the drain is what says so.
    func send(_ request: APIRequest) async -> APIResult {
        let collector = ResponseCollector(limit: Self.answerLimit)
        do {
            let clientRequest = try HTTPClient.Request(
                url: request.url, method: request.method, headers: request.headers,
                body: request.body.map { body($0, before: latest(of: request), collector) })
            let task = client.execute(
                request: clientRequest, delegate: collector,
                deadline: .now() + TimeAmount(request.timeout))
            let response = try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
            return .answered(response)
        } catch {
            return collector.isSent
                ? .lost(doubt(error, after: request.timeout), status: collector.status)
                : .neverSent(failure(error, of: request))
        }
    }

    private func latest(of request: APIRequest) -> ContinuousClock.Instant {
        let own = now() + connectTimeout
        return request.latest.map { min($0, own) } ?? own
    }

    private func failure(_ error: any Error, of request: APIRequest) -> Reason {
        if error is TooLate, let latest = request.latest, now() > latest { return .claimTooOld }
        return connectionFailure(error)
    }

    /// A body that looks at the clock when the connection is there: the client's own timeouts stand
    /// still while the machine is suspended, and a request that is sent an hour late would still be
    /// running at Salesforce when everybody takes it for over.
    private func body(
        _ bytes: ByteBuffer, before latest: ContinuousClock.Instant, _ collector: ResponseCollector
    ) -> HTTPClient.Body {
        .stream(contentLength: Int64(bytes.readableBytes)) { writer in
            guard now() <= latest else {
                return client.eventLoopGroup.any().makeFailedFuture(TooLate())
            }
            collector.bodyIsSent()
            return writer.write(.byteBuffer(bytes))
        }
    }

    /// Closes all connections; requests under way are lost.
    func close() async throws {
        try await client.shutdown()
    }

    // MARK: - Sentences

    private static let cancellations: [HTTPClientError] = [.cancelled, .alreadyShutdown]
    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .deadlineExceeded,
        .readTimeout,
    ]

    private func connectionFailure(_ error: any Error) -> Reason {
        switch error {
        case let error as HTTPClientError where Self.cancellations.contains(error):
            Reason(ours: Unreachable.code, "The request was cancelled before it was sent.")
        case let error as HTTPClientError where Self.timeouts.contains(error): noConnection
        case is TooLate: noConnection
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            Unreachable.name.reason
        // The latter when the host is named by its number.
        case is NIOConnectionError, is IOError:
            Unreachable.connection.reason
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            Self.isOfTrust(error) ? Unreachable.certificate.reason : Unreachable.tls.reason
        default:
            Unreachable.silence.reason
        }
    }

    private var noConnection: Reason {
        Reason(ours: Unreachable.code, "No connection could be made within \(connectTimeout).")
    }

    /// BoringSSL tells its errors apart in their text alone.
    private static func isOfTrust(_ error: any Error) -> Bool {
        let text = "\(error)"
        return text.contains("CERTIFICATE_VERIFY_FAILED")
            || (error as? NIOSSLExtraError) == .failedToValidateHostname
    }

    private func doubt(_ error: any Error, after timeout: Duration) -> Reason {
        switch error {
        case let error as HTTPClientError where Self.timeouts.contains(error):
            Reason(ours: "TIMEOUT", "No whole answer came within \(timeout).")
        case let error as HTTPClientError where Self.cancellations.contains(error):
            Reason(ours: "CALLED_OFF", "The wait for the answer was cancelled.")
        case is ResponseCollector.TooLarge:
            .unreadable("The answer is longer than \(Self.answerLimit >> 20) MB")
        case let error as HTTPParserError where error != .invalidEOFState:
            .unreadable("The answer is not HTTP as it should be")
        default:
            Reason(
                ours: "CONNECTION_LOST", "The connection broke before the whole answer was there.")
        }
    }
}
