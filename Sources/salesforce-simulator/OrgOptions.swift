import ArgumentParser
import SalesforceSimulator

/// What can be wrong with an org before any lead is sent.
struct OrgOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A lead status that counts as converted.", valueName: "label"))
    var convertedStatus: [String] = []

    @Flag(help: "The user lacks the permission Convert Leads.")
    var noConvertLeads = false

    @Flag(help: "The user can't read which permissions it has.")
    var hidePermissions = false

    @Option(
        help: ArgumentHelp("An object that the user can only read.", valueName: "object"))
    var readOnly: [String] = []

    @Option(help: "The oldest version of the API that is not retired, e.g. 50.")
    var oldestVersion = 31

    @Option(help: ArgumentHelp("The kind of org, as Organization names it.", valueName: "name"))
    var edition = "Enterprise Edition"

    @Option(help: "Seconds by which the org's clock is ahead of this machine's.")
    var clockAhead = 0

    @Option(
        help: ArgumentHelp(
            "What a second conversion of a converted lead is refused with.", valueName: "code"))
    var secondConversionCode = "CANNOT_UPDATE_CONVERTED_LEAD"

    @Flag(help: "The org has person accounts.")
    var personAccounts = false

    func validate() throws {
        guard (31...67).contains(oldestVersion) else {
            throw ValidationError("--oldest-version is 31...67.")
        }
    }

    /// Sets up an org like that.
    func set(_ configuration: inout SimulatorConfiguration) {
        if !convertedStatus.isEmpty { configuration.convertedStatuses = convertedStatus }
        configuration.convertsLeads = !noConvertLeads
        configuration.showsPermissions = !hidePermissions
        configuration.readOnlyObjects = Set(readOnly)
        configuration.oldestVersion = oldestVersion
        configuration.edition = edition
        configuration.secondConversionCode = secondConversionCode
        configuration.hasPersonAccounts = personAccounts
        configuration.clockAhead = clockAhead
    }
}
