import Foundation

/// A record as `PATCH` and `POST /composite/sobjects` are given it.
struct WrittenRecord: Sendable {
    let entity: Entity
    let givenID: String?
    let fields: [(String, WrittenValue)]

    var id: Identifier? { givenID.flatMap(Identifier.init) }

    /// Reads the records of a request.
    /// - Throws: a refusal of all of them.
    static func read(_ body: [UInt8]) throws(Refusal) -> [WrittenRecord] {
        guard let request = try? JSONDecoder().decode(Request.self, from: Data(body)) else {
            throw Refusal(code: "JSON_PARSER_ERROR", message: "records are required")
        }
        guard request.records.count <= 200 else {
            throw Refusal(
                code: "EXCEEDED_ID_LIMIT",
                message: "record limit reached. cannot submit more than 200 records in this call")
        }
        guard request.allOrNone != true else {
            throw Refusal(code: "NOT_IMPLEMENTED", message: "allOrNone is not simulated")
        }
        var records: [WrittenRecord] = []
        var chunks = 0
        for record in request.records {
            guard case .object(let attributes)? = record["attributes"],
                case .text(let type)? = attributes["type"]
            else {
                throw Refusal(
                    code: "INVALID_INPUT", message: "attributes.type is missing from a record")
            }
            guard let entity = Entity(name: type) else { throw .unknownType(type) }
            if records.last?.entity != entity { chunks += 1 }
            var givenID: String?
            if case .text(let id)? = record["id"] { givenID = id }
            let fields = record.filter { $0.key != "attributes" && $0.key != "id" }
                .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            records.append(WrittenRecord(entity: entity, givenID: givenID, fields: fields))
        }
        guard chunks <= 10 else {
            throw Refusal(
                code: "INVALID_INPUT",
                message: "Cannot have more than 10 chunks in a single operation")
        }
        return records
    }

    private struct Request: Decodable {
        var allOrNone: Bool?
        var records: [[String: WrittenValue]]
    }

    /// The text in a field.
    func text(_ name: String) -> String? {
        for case (name, .text(let text)) in fields { return text }
        return nil
    }
}

/// A value as it stands in the JSON of a record.
enum WrittenValue: Decodable, Equatable, Sendable {
    case null, flag(Bool), number(Double), text(String), object([String: WrittenValue])
    case list([WrittenValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let members = try? value.decode([String: WrittenValue].self) {
            self = .object(members)
        } else {
            self = .list(try value.decode([WrittenValue].self))
        }
    }

    /// The value as a field of that form holds it. A number may come as a text, as in any REST call.
    func json(as form: FieldValues.Form, of name: String) throws(WriteFailure) -> JSON {
        switch (self, form) {
        case (.null, _): return .null
        case (.text(let text), .text(let most)):
            guard text.utf16.count <= most else {
                throw WriteFailure(
                    "STRING_TOO_LONG",
                    "\(name): data value too large: (max length=\(most))")
            }
            return .string(text)
        case (.number(let number), .text): return .string("\(number)")
        case (.number(let number), .number): return Self.json(number)
        case (.text(let text), .number):
            if let number = Double(text) { return Self.json(number) }
        case (.text(let text), .date):
            if text.count == 10, text.split(separator: "-").map(\.count) == [4, 2, 2] {
                return .string(text)
            }
        default: break
        }
        throw WriteFailure("INVALID_TYPE_ON_FIELD_IN_RECORD", "\(name): value not of required type")
    }

    private static func json(_ number: Double) -> JSON {
        Int(exactly: number).map(JSON.int) ?? .string("\(number)")
    }
}

extension OrgState {
    /// Sets fields of records, each by itself.
    mutating func update(
        _ records: [WrittenRecord], _ admission: Admission, at: Date
    ) -> [JSON] {
        var seen: Set<Identifier> = []
        return records.enumerated().map { place, record in
            do throws(WriteFailure) {
                guard let id = record.id, id.isOf(record.entity) else {
                    throw WriteFailure("MALFORMED_ID", "malformed id \(record.givenID ?? "")")
                }
                guard seen.insert(id).inserted else {
                    throw WriteFailure("DUPLICATE_VALUE", "duplicate id in list: \(id.text)")
                }
                guard admission.lockedRows[place] == nil else {
                    throw WriteFailure(
                        "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
                }
                try org.set(record, id)
                recordWrite(.set, id, parent: nil, title: nil, admission, at)
                return Self.success(id)
            } catch {
                return Self.failure(error)
            }
        }
    }

    /// Makes notes and tasks, each by itself.
    mutating func create(
        _ records: [WrittenRecord], _ admission: Admission, at: Date
    ) -> [JSON] {
        records.map { record in
            do throws(WriteFailure) {
                let id = try org.make(record, at: Self.style.format(at))
                let isNote = record.entity == .note
                recordWrite(
                    isNote ? .note : .task, id, parent: record.text(isNote ? "ParentId" : "WhoId"),
                    title: record.text(isNote ? "Title" : "Subject"), admission, at)
                return Self.success(id)
            } catch {
                return Self.failure(error)
            }
        }
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private mutating func recordWrite(
        _ kind: CallKind, _ id: Identifier, parent: String?, title: String?,
        _ admission: Admission, _ at: Date
    ) {
        audit.written.append(
            Audit.Written(
                kind: kind, id: id.text, parentID: parent, title: title, at: at,
                call: admission.number))
        waiters.look(at: audit)
    }

    private static func success(_ id: Identifier) -> JSON {
        .object(["id": .string(id.text), "success": .bool(true), "errors": .array([])])
    }

    private static func failure(_ failure: WriteFailure) -> JSON {
        .object([
            "success": .bool(false),
            "errors": .array([
                .object([
                    "statusCode": .string(failure.code), "message": .string(failure.message),
                    "fields": .array([]),
                ])
            ]),
        ])
    }
}

extension Org {
    fileprivate mutating func set(
        _ record: WrittenRecord, _ id: Identifier
    ) throws(WriteFailure) {
        guard !rights.readOnly.contains(record.entity) else {
            throw WriteFailure(
                "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        }
        let isThere = self.record(record.entity, id).map { !$0.isDeleted } ?? false
        guard isThere else { throw WriteFailure("ENTITY_IS_DELETED", "entity is deleted") }
        switch record.entity {
        case .account: try accounts[id]?.values.set(record.fields)
        case .contact: try contacts[id]?.values.set(record.fields)
        case .opportunity: try opportunities[id]?.values.set(record.fields)
        default:
            throw WriteFailure("INVALID_TYPE", "\(record.entity.rawValue) is not set here")
        }
    }

    fileprivate mutating func make(
        _ record: WrittenRecord, at: String
    ) throws(WriteFailure) -> Identifier {
        guard !rights.readOnly.contains(record.entity) else {
            throw WriteFailure(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "no right to create this object")
        }
        switch record.entity {
        case .note: return try makeNote(record, at: at)
        case .task: return try makeTask(record, at: at)
        default: throw WriteFailure("INVALID_TYPE", "\(record.entity.rawValue) is not made here")
        }
    }

    private mutating func makeNote(
        _ record: WrittenRecord, at: String
    ) throws(WriteFailure) -> Identifier {
        guard let title = record.text("Title"), !title.isEmpty else {
            throw WriteFailure("REQUIRED_FIELD_MISSING", "Required fields are missing: [Title]")
        }
        guard title.utf16.count <= 80 else {
            throw WriteFailure("STRING_TOO_LONG", "Title: data value too large: (max length=80)")
        }
        let id = newID(.note)
        notes[id] = NoteRecord(
            id: id, parentID: try reference("ParentId", of: record), title: title,
            body: record.text("Body") ?? "", at: at)
        return id
    }

    private mutating func makeTask(
        _ record: WrittenRecord, at: String
    ) throws(WriteFailure) -> Identifier {
        let subject = record.text("Subject") ?? ""
        guard subject.utf16.count <= 255 else {
            throw WriteFailure("STRING_TOO_LONG", "Subject: data value too large: (max length=255)")
        }
        let id = newID(.task)
        var task = TaskRecord(id: id, subject: subject, at: at)
        task.whoID = try reference("WhoId", of: record)
        if record.text("WhatId") != nil { task.whatID = try reference("WhatId", of: record) }
        if record.text("OwnerId") != nil { task.ownerID = try reference("OwnerId", of: record) }
        task.description = record.text("Description")
        task.due = record.text("ActivityDate")
        tasks[id] = task
        return id
    }

    private func reference(
        _ name: String, of record: WrittenRecord
    ) throws(WriteFailure) -> Identifier {
        let entities: [Entity] =
            switch name {
            case "WhoId": [.contact]
            case "OwnerId": [.user]
            default: [.account, .contact, .opportunity]
            }
        guard let id = record.text(name).flatMap(Identifier.init),
            let entity = entities.first(where: id.isOf), self.record(entity, id) != nil
        else {
            throw WriteFailure("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id: \(name)")
        }
        return id
    }
}

extension CallKind {
    /// Whether it is of what follows conversions.
    var isFollowUp: Bool { self == .set || self == .note || self == .task }
}
