import ArgumentParser
import BuildInfo
import Foundation
import SalesforceSimulator
import UnixSignals

/// Runs a simulated org until a signal ends it.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salesforce-simulator",
        abstract: "A strict local stand-in for a Salesforce org.",
        discussion: """
            Log in with client id and secret "demo", or with a JWT whose iss is "demo" and whose \
            sub is "demo@example.com", signed by the key of --public-key, or with the refresh \
            token "demo-refresh-token".

            Faults: \(Fault.names).

            What was really converted: GET /__simulator/audit. \
            Leads as CSV: GET /__simulator/leads?state=open&limit=N.

            Example:
              salesforce-simulator --port 8080 --leads 5000 --fault drop-after-commit=0.1
            """,
        version: "salesforce-simulator \(String(cString: build_name())), "
            + "Salesforce API \(Simulator.newestAPIVersion).0")

    @Option(help: "The port on 127.0.0.1; 0 picks a free one.")
    var port: Int

    @Option(help: "Open leads to start with.")
    var leads = 1000

    @Option(help: "Where chance begins: the same seed gives the same leads and faults.")
    var seed: UInt64 = 1

    @Option(help: "How long every API call takes, MS or MS-MS.")
    var latency = LatencyArgument(range: 0...0)

    @Option(help: "API calls allowed in any 24 hours.")
    var dailyLimit = 100_000

    @Option(help: "How many of them are already used.")
    var used = 0

    @Option(help: "API calls that may run at once.")
    var concurrent: Int?

    @Option(
        help: ArgumentHelp("Make a fault happen at a rate of 0...1.", valueName: "name=rate"),
        transform: FaultArgument.init)
    var fault: [FaultArgument] = []

    @Option(help: "How long a stalled call keeps silent before it commits.")
    var stallSeconds = 15.0

    @Option(help: ArgumentHelp("Write the audit here.", valueName: "file"))
    var audit: String?

    @Option(help: ArgumentHelp("The key that verifies JWTs, in PEM.", valueName: "file"))
    var publicKey: String?

    @Option(
        help: ArgumentHelp(
            "The audience that JWTs must name; a sandbox's is https://test.salesforce.com.",
            valueName: "url"))
    var loginHost = "https://login.salesforce.com"

    @Flag(help: "Issue tokens in the shape of JWTs, which SOAP refuses.")
    var jwtTokens = false

    @Flag(help: "Replace a refresh token each time it is used; the old one is dead then.")
    var rotateRefreshTokens = false

    @Option(
        help: ArgumentHelp("Deploy an Apex action that converts leads.", valueName: "name"))
    var apexAction: String?

    @Option(
        help: ArgumentHelp(
            "What a second conversion of a converted lead is refused with.", valueName: "code"))
    var secondConversionCode = "CANNOT_UPDATE_CONVERTED_LEAD"

    mutating func validate() throws {
        let rules: [(holds: Bool, rule: String)] = [
            ((0...65_535).contains(port), "--port is 0...65535"),
            ((0...10_000_000).contains(leads), "--leads is 0...10000000"),
            (dailyLimit >= 0, "--daily-limit is 0 or more"),
            (used >= 0, "--used is 0 or more"),
            (concurrent ?? 1 >= 1, "--concurrent is 1 or more"),
            ((0...86_400).contains(stallSeconds), "--stall-seconds is 0...86400"),
        ]
        for rule in rules where !rule.holds { throw ValidationError("\(rule.rule).") }
    }

    func run() async throws {
        do {
            try await serve()
        } catch let failure as Failure {
            FileHandle.standardError.write(Data("Error: \(failure.sentence)\n".utf8))
            throw ExitCode(failure.code)
        }
    }

    private func serve() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let file = try AuditFile(audit)
        let simulator = try await started()
        print(simulator.url)
        fflush(nil)
        let keeping = Task { try await file?.keep(simulator) }
        for await _ in signals { break }
        keeping.cancel()
        // Whatever went wrong on the way, the last write below holds everything or says why not.
        _ = await keeping.result
        await simulator.stop()
        try await file?.write(simulator)
    }

    private func started() async throws -> Simulator {
        let configuration = try configuration()
        do {
            return try await Simulator.start(configuration)
        } catch let error as SimulatorError {
            throw Failure(error)
        }
    }

    private func configuration() throws -> SimulatorConfiguration {
        var configuration = SimulatorConfiguration()
        configuration.port = port
        configuration.leads = leads
        configuration.seed = seed
        configuration.latency = latency.range
        configuration.dailyLimit = dailyLimit
        configuration.used = used
        configuration.concurrent = concurrent
        configuration.stallSeconds = stallSeconds
        configuration.issuesJWTShapedTokens = jwtTokens
        configuration.loginHost = loginHost
        configuration.rotatesRefreshTokens = rotateRefreshTokens
        configuration.apexAction = apexAction
        configuration.publicKeyPEM = try publicKey.map(Self.read)
        configuration.secondConversionCode = secondConversionCode
        for argument in fault { configuration.faults[argument.fault] = argument.rate }
        return configuration
    }

    private static func read(_ path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw Failure("cannot read the public key \(path): \(error.localizedDescription)", 66)
        }
    }
}

/// `NAME=RATE` on the command line.
struct FaultArgument {
    let fault: Fault
    let rate: Double

    init(_ text: String) throws {
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2 else { throw ValidationError("a fault is given as NAME=RATE.") }
        guard let fault = Fault(rawValue: halves[0]) else {
            throw ValidationError("there is no fault '\(halves[0])'; there are \(Fault.names).")
        }
        guard let rate = Double(halves[1]), (0...1).contains(rate) else {
            throw ValidationError("the rate '\(halves[1])' is not in 0...1.")
        }
        self.fault = fault
        self.rate = rate
    }
}

/// `MS` or `MS-MS` on the command line.
struct LatencyArgument: ExpressibleByArgument {
    let range: ClosedRange<Int>

    init(range: ClosedRange<Int>) { self.range = range }

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
            0 <= low, low <= high, high <= 3_600_000
        else { return nil }
        range = low...high
    }

    var defaultValueDescription: String { "\(range.lowerBound)" }
}
