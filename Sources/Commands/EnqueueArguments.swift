import ArgumentParser
import Conversion
import Intake

/// Which account and contact leads are converted into.
struct MatchArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Leads that have the same there share one new account: a column, or a template.",
            valueName: "column")
    )
    var groupBy: String?

    @Option(
        help: ArgumentHelp(
            "Leads whose addresses there have the same domain share one account; not gmail.com and "
                + "other domains that give addresses to anybody.",
            valueName: "column")
    )
    var groupByDomain: String?

    @Flag(
        help: ArgumentHelp(
            "Convert a group into the account that has its key.",
            discussion: """
                The daemon looks for it before the first lead of the group: one account, the group \
                joins it; none, the first lead makes it; more, the leads fail and name them. Goes \
                with --group-by or --group-by-domain; LEADCONVERT_MATCH_ACCOUNT_FIELD names the \
                account's field, if not Name. With --match-contact the contact comes first.
                """)
    )
    var matchAccount = false

    @Flag(
        help: ArgumentHelp(
            "Convert into the contact that has the row's Email.",
            discussion: """
                The daemon looks for it just before: one contact, it joins it and its account; none, \
                or no Email, it makes a new one; more, the job fails and names them.
                """)
    )
    var matchContact = false

    func validate() throws {
        guard groupBy == nil || groupByDomain == nil else {
            throw ValidationError("Give --group-by or --group-by-domain, not both.")
        }
        guard !matchAccount || groupBy != nil || groupByDomain != nil else {
            throw ValidationError(
                "--match-account goes with --group-by or --group-by-domain, which say what an "
                    + "account is looked for by, e.g. --group-by Company.")
        }
    }

    func apply(to mapping: inout Mapping) throws {
        if let groupBy { try mapping.group(by: groupBy) }
        if let groupByDomain { try mapping.group(byDomainOf: groupByDomain) }
        mapping.matchesAccounts = matchAccount
        mapping.matchesContacts = matchContact
    }
}

/// What follows the conversion of leads, and what goes along with it.
struct FollowUpArguments: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A field to set once the lead is converted; repeatable.",
            discussion: """
                OBJECT is Account, Contact or Opportunity. What is empty in a row is left as it is.
                """, valueName: "object.field=template")
    )
    var fieldsToSet: [String] = []

    // A text may begin with a dash, as a list does.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A note to leave once it is converted.", valueName: "template"))
    var note: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The note's title (default: the first line of its text).", valueName: "template"))
    var noteTitle: String?

    @Option(help: "What the note is on (default: contact).")
    var noteOn: FollowUpRequest.NotePlace?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "A task to leave about the contact once it is converted.", valueName: "template"))
    var task: String?

    @Option(
        help: ArgumentHelp(
            "When the task is due: +2d from now, a day such as 2026-11-22, or a template.",
            valueName: "day"))
    var taskDue: String?

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp(
            "An input of its own for an Apex action; repeatable.", valueName: "name=template")
    )
    var inputsOfAction: [String] = []

    func validate() throws {
        guard note != nil || noteTitle == nil && noteOn == nil else {
            throw ValidationError("--note-title and --note-on go with --note.")
        }
        guard task != nil || taskDue == nil else {
            throw ValidationError("--task-due goes with --task.")
        }
        for (name, text) in [("--note", note), ("--note-title", noteTitle), ("--task", task)] {
            // As in `--note $EMPTY --strict`, where the shell leaves nothing of the text.
            guard let text, text.wholeMatch(of: /--[a-z][a-z-]*(=.*)?/) != nil else { continue }
            throw ValidationError("\(name) lacks its text: \(text) is an option.")
        }
    }

    func apply(to mapping: inout Mapping) throws {
        for field in fieldsToSet { try mapping.followUps.set(field) }
        if let note { try mapping.followUps.leaveNote(note, title: noteTitle, on: noteOn) }
        if let task { try mapping.followUps.leaveTask(task, due: taskDue, at: .now) }
        for input in inputsOfAction { try mapping.followUps.input(input) }
    }
}
