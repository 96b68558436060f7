import ArgumentParser

struct Policy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List and set retry policies.",
        discussion: """
            Examples:
              leadconvert policy list
              leadconvert policy set patient --max-attempts 10 --max-delay 2h
            """,
        subcommands: [PolicyList.self, PolicySet.self]
    )
}
