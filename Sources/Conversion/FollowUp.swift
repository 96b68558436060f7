/// What can follow a conversion; the words are those of `follow_ups.kind`.
public enum FollowUpKind: String, Sendable, CaseIterable {
    /// Fields of a record are set. It may be repeated once the first call is over.
    case set
    /// A note is made. It has no key that a second could be told by, save our mark.
    case note
    /// A task is made; as for a note.
    case task

    public var callKind: CallKind {
        switch self {
        case .set: .set
        case .note: .note
        case .task: .task
        }
    }
}

/// Fields to set of one record.
public struct FieldUpdate: Hashable, Sendable {
    /// `Account`, `Contact` or `Opportunity`.
    public var object: String
    public var recordID: String
    /// The fields with their values, as the text of a JSON object: numbers go out as they were
    /// written.
    public var fields: String

    public init(object: String, recordID: String, fields: String) {
        self.object = object
        self.recordID = recordID
        self.fields = fields
    }
}

/// A note or a task with the mark by which it is found again.
public struct MarkedRecord: Hashable, Sendable {
    /// Which of the two, with what belongs to it alone.
    public enum Content: Hashable, Sendable {
        /// A note on the record.
        case note(body: String)
        /// A task about the record, a contact.
        /// - Parameters:
        ///   - aboutID: The opportunity or account that it is about, too (`WhatId`).
        ///   - due: The day, as `YYYY-MM-DD`.
        ///   - ownerID: Who is to do it; nil is the user that we log in as.
        case task(aboutID: String?, due: String?, ownerID: String?)
    }

    public var content: Content
    /// The record that it is on: a note's `ParentId`, a task's `WhoId`.
    public var parentID: String
    /// Its title or subject, whole and without the mark.
    public var text: String
    /// What tells it from all others.
    public var mark: FollowUpMark

    /// Something that is to be made.
    public init(_ content: Content, on parentID: String, _ text: String, mark: FollowUpMark) {
        self.content = content
        self.parentID = parentID
        self.text = text
        self.mark = mark
    }

    /// What it is to Salesforce.
    public var kind: FollowUpKind {
        switch content {
        case .note: .note
        case .task: .task
        }
    }

    /// The title or subject as it is sent: on one line, cut so that the mark fits behind it.
    ///
    /// A note's `Title` takes 80 characters and a task's `Subject` 255. Source: Object Reference for
    /// the Salesforce Platform, Note and Task.
    public var title: String {
        let end = " \(mark)"
        let room = (kind == .note ? 80 : 255) - end.utf16.count
        return line.cut(toUTF16: room) + end
    }

    /// Whether the title leaves out some of the text.
    public var isCut: Bool { title != "\(text) \(mark)" }

    private var line: String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

/// A short text in the title of a note or the subject of a task, such as `[lc-4k7zq2mw]`.
///
/// It is made from the lead and the text: the same note of the same lead has the same mark, in
/// whatever copy of the queue's file, so that asking for it tells whether an earlier life of the file
/// has left it already. Forty bits of a hash are enough, since a search asks for them on one record.
public struct FollowUpMark: Hashable, Sendable, CustomStringConvertible {
    /// The eight characters between the brackets, behind `lc-`.
    public let code: String

    /// The mark of what is left for a lead.
    public init(_ lead: RecordID, _ kind: FollowUpKind, _ texts: [String?]) {
        // FNV-1a, 64 bits: a hash that is the same on every machine and in every version.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func take(_ byte: UInt8) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        let parts = [String(lead.description.prefix(15)), kind.rawValue] + texts.map { $0 ?? "" }
        for part in parts {
            part.utf8.forEach(take)
            take(0)
        }
        let folded = hash ^ (hash >> 40)
        let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")
        code = String((0..<8).map { place in digits[Int(folded >> (place * 5) & 31)] })
    }

    /// The mark as it stands in a title.
    public var description: String { "[lc-\(code)]" }
}

/// What a call that writes records said of one of them.
public enum RecordOutcome: Sendable, Equatable {
    /// It is written; the id of a record that was made, or of the one that was set.
    case done(id: String)
    /// Refused for now; the same may pass later.
    case transient(Reason)
    /// Refused for good.
    case permanent(Reason)
    /// Refused because the org's code ran into a limit that the records of a call share: fewer of them in a
    /// call may pass. Never said of a record that was alone in its call, nor of all records of one.
    case limited(Reason)
    /// Refused for something that is not this record's fault and stops all of them.
    case blocked(Blocker, Reason)
}

extension String {
    /// The first of its characters, as many as have so many UTF-16 units together.
    fileprivate func cut(toUTF16 most: Int) -> String {
        guard utf16.count > most else { return self }
        var room = most
        return String(
            prefix { character in
                room -= character.utf16.count
                return room >= 0
            })
    }
}

/// What is asked to follow a conversion.
public struct FollowUpRequest: Hashable, Sendable {
    /// Fields to set, as the text of a JSON object: object -> field -> value.
    public var afterSet: String?
    /// The text of a note.
    public var noteBody: String?
    /// Its title; without it the body's first line.
    public var noteTitle: String?
    /// What the note is on; nil is the contact.
    public var noteOn: NotePlace?
    public var taskSubject: String?
    /// The day on which the task is due, as `YYYY-MM-DD`.
    public var taskDue: String?

    /// What a note can be on; the words are those of `jobs.note_on`.
    public enum NotePlace: String, Sendable, CaseIterable {
        case contact
        case account
        case opportunity
    }

    public init() {}

    /// Whether it asks for nothing.
    public var isEmpty: Bool { afterSet == nil && noteBody == nil && taskSubject == nil }
}
