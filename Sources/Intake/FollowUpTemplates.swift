public import Conversion
import Glibc

/// From which templates a row makes what follows its conversion.
public struct FollowUpTemplates: Sendable {
    private struct Field: Sendable {
        var name: String
        var template: Template
    }

    /// Fields to set, by object, both in the order in which they were named.
    private var objects: [(name: String, fields: [Field])] = []
    private var noteBody: Template?
    private var noteTitle: Template?
    private var noteOn: FollowUpRequest.NotePlace?
    private var taskSubject: Template?
    private var taskDue: Template?
    private var inputs: [Field] = []

    /// Nothing follows.
    public init() {}

    /// Whether nothing follows, and no input goes along.
    var isEmpty: Bool {
        objects.isEmpty && noteBody == nil && taskSubject == nil && inputs.isEmpty
    }

    // MARK: What an operator types

    /// Sets a field: `Opportunity.Amount={{Budget}}`.
    /// - Throws: 64 when it is not `OBJECT.FIELD=TEMPLATE`.
    public mutating func set(_ assignment: String) throws(OperatorError) {
        let (name, template) = try Self.assignment(assignment, option: "--set")
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let object = Self.objects.first(where: { $0 == parts[0] }) else {
            throw OperatorError(
                .usage, "--set \(name): it names no field of an account, contact or opportunity.",
                remedy: "Write --set 'Opportunity.StageName=Discovery'.")
        }
        let field = String(parts[1])
        guard Self.isName(field), !["id", "attributes"].contains(field.lowercased()) else {
            throw OperatorError(
                .usage, "--set \(name): no field can be called that.",
                remedy: "Give the field's API name, e.g. Score__c.")
        }
        let place =
            objects.firstIndex { $0.name == object }
            ?? {
                objects.append((object, []))
                return objects.count - 1
            }()
        guard !objects[place].fields.contains(where: { $0.name.lowercased() == field.lowercased() })
        else { throw OperatorError(.usage, "--set \(name): it is set twice.") }
        objects[place].fields.append(Field(name: field, template: template))
    }

    /// Leaves a note.
    /// - Parameters:
    ///   - body: A template of its text.
    ///   - title: A template of its title; nil is the first line of the text.
    ///   - place: What it is on; nil is the contact.
    /// - Throws: 64 when a template can't be read.
    public mutating func leaveNote(
        _ body: String, title: String?, on place: FollowUpRequest.NotePlace?
    ) throws(OperatorError) {
        noteBody = try Self.template(body, option: "--note")
        if let title { noteTitle = try Self.template(title, option: "--note-title") }
        noteOn = place
    }

    /// Leaves a task.
    /// - Parameters:
    ///   - subject: A template of its subject.
    ///   - due: `+2d` from today, by the time zone of the person who enqueues, or a template of a day such as
    ///     2026-11-22.
    /// - Throws: 64 when a template can't be read.
    public mutating func leaveTask(
        _ subject: String, due: String?, at now: Timestamp
    ) throws(OperatorError) {
        taskSubject = try Self.template(subject, option: "--task")
        guard let due else { return }
        if let days = Self.days(due) {
            taskDue = Template(literal: Self.day(days, after: now))
            return
        }
        guard due.contains("{{") || Self.isDay(due) else {
            throw OperatorError(
                .usage, "--task-due \(due): it is no day.",
                remedy: "Write +2d, a day such as 2026-11-22, or {{COLUMN}}.")
        }
        taskDue = try Self.template(due, option: "--task-due")
    }

    private static func day(_ days: Int64, after now: Timestamp) -> String {
        var (seconds, day) = (time_t(now.milliseconds / 1000), tm())
        localtime_r(&seconds, &day)
        day.tm_mday += Int32(clamping: days)
        // At noon no change to summer time moves it to another day.
        (day.tm_hour, day.tm_isdst) = (12, -1)
        seconds = mktime(&day)
        localtime_r(&seconds, &day)
        let numbers = [day.tm_mon + 1, day.tm_mday].map { ($0 < 10 ? "0" : "") + String($0) }
        return "\(day.tm_year + 1900)-" + numbers.joined(separator: "-")
    }

    /// Gives an Apex action an input of its own: `noteBody={{Summary}}`.
    /// - Throws: 64 when it is not `NAME=TEMPLATE`, or a name of ours.
    public mutating func input(_ assignment: String) throws(OperatorError) {
        let (name, template) = try Self.assignment(assignment, option: "--input")
        guard Self.isName(name) else {
            throw OperatorError(
                .usage, "--input \(name): no input can be called that.",
                remedy: "Give the name of the Apex variable, e.g. --input 'noteBody={{Summary}}'.")
        }
        guard LeadField(named: name) == nil else {
            throw OperatorError(
                .usage, "--input \(name): the action is given that field anyway.",
                remedy: "Type --map '\(name)=...' to say what it is made from.")
        }
        guard !Self.inputsOfPolicies.contains(name.lowercased()) else {
            throw OperatorError(
                .usage, "--input \(name): the action is given that as the job's policy says.",
                remedy: "See: leadconvert policy set --help")
        }
        guard !inputs.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw OperatorError(.usage, "--input \(name): it is given twice.")
        }
        inputs.append(Field(name: name, template: template))
    }

    private static let objects = ["Account", "Contact", "Opportunity"]
    /// Inputs of the action that come from a policy, in small letters.
    private static let inputsOfPolicies = ["allowduplicates", "suppressfeed", "truncatefields"]

    private static func assignment(
        _ text: String, option: String
    ) throws(OperatorError) -> (name: String, template: Template) {
        guard let sign = text.firstIndex(of: "=") else {
            throw OperatorError(
                .usage, "\(option) \(text): no = in it.",
                remedy: "Write \(option) 'NAME=TEMPLATE'.")
        }
        let name = String(text[..<sign].trimmed)
        return (name, try template(String(text[text.index(after: sign)...]), option: option))
    }

    private static func template(
        _ text: String, option: String
    ) throws(OperatorError) -> Template {
        guard !text.trimmed.isEmpty else {
            throw OperatorError(.usage, "\(option): it is empty.")
        }
        do {
            return try Template(text)
        } catch {
            throw OperatorError(.usage, "\(option): \(error).")
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetter else { return false }
        return text.utf8.allSatisfy {
            $0.isASCIILetter || (48...57).contains($0) || $0 == UInt8(ascii: "_")
        }
    }

    private static func days(_ text: String) -> Int64? {
        guard text.hasPrefix("+"), text.hasSuffix("d") else { return nil }
        return Int64(text.dropFirst().dropLast()).flatMap { (0...36_500).contains($0) ? $0 : nil }
    }

    private static func isDay(_ text: String) -> Bool {
        Timestamp("\(text)T00:00:00.000Z") != nil
    }

    // MARK: What a row makes of it

    /// Every place of a row that the templates ask for, and for what.
    var paths: [(use: String, path: TemplatePath)] {
        let named: [(String, Template?)] =
            objects.flatMap { object in
                object.fields.map { ("\(object.name).\($0.name)", $0.template) }
            } + [
                ("--note", noteBody), ("--note-title", noteTitle), ("--task", taskSubject),
                ("--task-due", taskDue),
            ] + inputs.map { ($0.name, $0.template) }
        return named.flatMap { use, template in (template?.paths ?? []).map { (use, $0) } }
    }

    /// What follows this row's conversion; nil when nothing does.
    func request(from row: some Row) throws(RowError) -> FollowUpRequest? {
        var request = FollowUpRequest()
        var set: [String] = []
        for object in objects {
            let fields = try Self.members(object.fields, from: row, "--set \(object.name).")
            if let fields { set.append("\(Self.quoted(object.name)):\(fields)") }
        }
        if !set.isEmpty { request.afterSet = "{\(set.joined(separator: ","))}" }
        try Self.check(request.afterSet, "--set", of: "the fields have together", atMost: 100_000)
        request.noteBody = try Self.text(noteBody, from: row, "--note")
        try Self.check(request.noteBody, "--note", atMost: 100_000)
        if request.noteBody != nil {
            // Not refused: what Salesforce is sent is cut to less anyway.
            let title = try Self.text(noteTitle, from: row, "--note-title")
            request.noteTitle = title.map {
                String(String.UnicodeScalarView($0.unicodeScalars.prefix(255)))
            }
            request.noteOn = noteOn
        }
        request.taskSubject = try Self.text(taskSubject, from: row, "--task")
        try Self.check(request.taskSubject, "--task", atMost: 1000)
        if request.taskSubject != nil {
            request.taskDue = try Self.text(taskDue, from: row, "--task-due")
            if let due = request.taskDue, !Self.isDay(due) {
                throw RowError("--task-due: it is no day such as 2026-11-22")
            }
        }
        return request.isEmpty ? nil : request
    }

    /// The inputs of its own that go along to an Apex action, as a JSON object; nil when none does.
    func extra(from row: some Row) throws(RowError) -> String? {
        let extra = try Self.members(inputs, from: row, "--input ")
        try Self.check(extra, "--input", of: "the inputs have together", atMost: 20_000)
        return extra
    }

    /// Refuses the row whose text the queue has no room for: it would refuse all rows with it.
    private static func check(
        _ text: String?, _ use: String, of subject: String = "it has", atMost most: Int
    ) throws(RowError) {
        // As SQLite counts, in Unicode's scalars.
        guard let text, text.utf8.count > most, text.unicodeScalars.count > most else { return }
        throw RowError("\(use): \(subject) more than \(most) characters: shorten it")
    }

    /// A JSON object; what is empty in this row is left out.
    private static func members(
        _ fields: [Field], from row: some Row, _ use: String
    ) throws(RowError) -> String? {
        var members: [String] = []
        for field in fields {
            guard let value = try value(field.template, from: row, use + field.name) else {
                continue
            }
            members.append("\(quoted(field.name)):\(value)")
        }
        return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
    }

    /// The value as JSON; a number stays as it was written.
    private static func value(
        _ template: Template, from row: some Row, _ use: String
    ) throws(RowError) -> String? {
        do {
            let value = try template.fill(from: row)
            switch value {
            case .flag(let flag): return String(flag)
            case .number(let digits): return digits
            default: return try value.readAsText().map(quoted)
            }
        } catch {
            throw RowError("\(use): \(error.reason)")
        }
    }

    private static func text(
        _ template: Template?, from row: some Row, _ use: String
    ) throws(RowError) -> String? {
        do {
            return try template?.fill(from: row).readAsText()
        } catch {
            throw RowError("\(use): \(error.reason)")
        }
    }

    private static func quoted(_ text: String) -> String { JSON.text(text).line }
}

extension UInt8 {
    fileprivate var isASCIILetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
}
