import Storage

/// One check: what it looks at, the check that must have passed before, and the look.
struct Check: Sendable {
    /// What is looked at, by the names that scripts go by.
    enum Name: String {
        case settings, file, folder, schema, sqlite, reach, clock, login, version, user
        case permission, objects, statuses, allowance, concurrency, match, leads, inputs
    }

    let name: Name
    let needs: Name?
    let run: @Sendable (inout CheckContext) async throws -> [Finding]

    private init(
        _ name: Name, needs: Name? = nil,
        _ run: @escaping @Sendable (inout CheckContext) async throws -> [Finding]
    ) {
        self.name = name
        self.needs = needs
        self.run = run
    }

    /// Everything that has to be right before a lead is sent: first what is on this machine, then the
    /// way to the org, then the org, then what is queued.
    static let all: [Check] = [
        Check(.settings) { try $0.checkSettings() },
        Check(.file) { $0.checkFile() },
        Check(.folder) { $0.checkFolder() },
        Check(.schema) { try $0.checkSchema() },
        Check(.sqlite) { _ in [SQLiteVersion.ofTheLibrary.finding] },
        Check(.reach, needs: .settings) { [try await $0.checkReach()] },
        Check(.clock, needs: .reach) { [$0.org.clockFinding] },
        Check(.login, needs: .reach) { [try await $0.checkLogin()] },
        Check(.version, needs: .login) { [try await $0.checkVersion()] },
        Check(.user, needs: .version) { [try await $0.checkUser()] },
        Check(.permission, needs: .user) { [try await $0.checkPermission()] },
        Check(.objects, needs: .user) { [try await $0.checkObjects()] },
        Check(.statuses, needs: .user) { try await $0.checkStatuses() },
        Check(.allowance, needs: .user) { [try $0.checkAllowance()] },
        Check(.concurrency, needs: .user) { [try await $0.checkConcurrency()] },
        Check(.match, needs: .user) { try await $0.checkMatch() },
        Check(.leads, needs: .user) { try await $0.checkLeads() },
        Check(.inputs, needs: .settings) { try $0.checkInputs() },
    ]
}
