public import ArgumentParser
public import SalesforceSimulator

/// Trouble that does not come by chance: of the whole org, or of leads and addresses by name.
struct TroubleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer every conversion with this code, as in an incident of the whole org.",
            valueName: "code"))
    var incident: String?

    @Option(help: "How it is said: \(Incident.Form.names).")
    var incidentForm = Incident.Form.call

    @Flag(help: "The incident reaches all calls, not only conversions.")
    var incidentEverywhere = false

    @Option(help: "After how many calls the incident ends.")
    var incidentCalls: Int?

    @Option(help: "After how many seconds the incident ends.")
    var incidentSeconds: Double?

    @Option(
        help: ArgumentHelp("A lead that is always refused with this code.", valueName: "id=code"),
        transform: RefusedLead.init)
    var refusedLead: [RefusedLead] = []

    @Option(
        help: ArgumentHelp("A lead whose reading by its id always fails.", valueName: "id"))
    var failingRetrieval: [String] = []

    @Option(
        help: ArgumentHelp("An address whose search always fails.", valueName: "address"))
    var failingSearch: [String] = []

    func validate() throws {
        guard incidentCalls ?? 1 >= 1 else {
            throw ValidationError("--incident-calls is 1 or more.")
        }
        guard (0...86_400).contains(incidentSeconds ?? 0) else {
            throw ValidationError("--incident-seconds is 0...86400.")
        }
    }

    /// Sets up an org with this trouble.
    func set(_ configuration: inout SimulatorConfiguration) {
        configuration.incident = incident.map { code in
            Incident(
                code, incidentForm,
                of: incidentEverywhere ? Set(CallKind.allCases) : [.convert],
                calls: incidentCalls ?? .max, seconds: incidentSeconds)
        }
        configuration.traits =
            refusedLead.map { ($0.leadID, .refused(code: $0.code)) }
            + failingRetrieval.map { ($0, .retrievalFails) }
        configuration.failingSearches = Set(failingSearch)
    }
}

/// `ID=CODE` on the command line.
struct RefusedLead {
    let leadID: String
    let code: String

    init(_ text: String) throws {
        let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2 else { throw ValidationError("a refusal is given as ID=CODE.") }
        leadID = halves[0]
        code = halves[1]
    }
}

extension Incident.Form: ExpressibleByArgument {
    /// Every name, for the help.
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
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
