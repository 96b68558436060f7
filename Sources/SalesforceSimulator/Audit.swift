public import Foundation

/// What really happened in the simulated org, for comparing with what a client believes.
public struct Audit: Sendable {
    /// A lead that was converted.
    public struct Conversion: Sendable {
        /// The 18 characters of the lead's id.
        public let leadID: String
        public let at: Date
        /// The number of the call that did it; 0 is somebody else.
        public let call: Int
    }

    /// A request that arrived.
    public struct Call: Sendable {
        /// Its number, from 1.
        public let call: Int
        public let kind: CallKind
        public let at: Date
        /// How many leads it was about.
        public let size: Int
        /// What was made to go wrong with it.
        public internal(set) var fault: Fault?
        /// Why it was refused as a whole, as Salesforce's code.
        public internal(set) var refusal: String?
        /// Whether it took from the daily allowance.
        public internal(set) var counted = false
    }

    /// Every conversion, in the order of commit.
    public internal(set) var conversions: [Conversion] = []
    /// A record that was set or made after a conversion.
    public struct Written: Sendable {
        /// `set`, `note` or `task`.
        public let kind: CallKind
        public let id: String
        /// The record that a note or task is on.
        public let parentID: String?
        public let title: String?
        public let at: Date
        /// The number of the call that did it.
        public let call: Int
    }

    /// Every record that was set or made, in the order of commit.
    public internal(set) var written: [Written] = []
    /// Every request, in the order of arrival.
    public internal(set) var calls: [Call] = []

    public init() {}

    /// The audit as the JSON that `/__simulator/audit` serves.
    public var json: [UInt8] {
        JSON.object([
            "conversions": .array(conversions.map(\.json)), "calls": .array(calls.map(\.json)),
            "written": .array(written.map(\.json)),
        ]).bytes
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    fileprivate static func text(_ date: Date) -> JSON {
        .string(style.format(date))
    }
}

extension Audit.Conversion {
    fileprivate var json: JSON {
        .object(["lead_id": .string(leadID), "at": Audit.text(at), "call": .int(call)])
    }
}

extension Audit.Written {
    fileprivate var json: JSON {
        .object([
            "kind": .string(kind.rawValue), "id": .string(id), "parent_id": .text(parentID),
            "title": .text(title), "at": Audit.text(at), "call": .int(call),
        ])
    }
}

extension Audit.Call {
    fileprivate var json: JSON {
        .object([
            "call": .int(call), "kind": .string(kind.rawValue), "at": Audit.text(at),
            "size": .int(size), "fault": .text(fault?.rawValue), "refusal": .text(refusal),
            "counted": .bool(counted),
        ])
    }
}

/// What a request to the simulated org was for, as the audit names it.
public enum CallKind: String, CaseIterable, Sendable {
    /// SOAP `convertLead`.
    case convert
    /// Leads read by their ids, to learn which of them are converted.
    case verify
    case limits
    case token
    /// Fields that are set, with `PATCH /composite/sobjects`.
    case set
    case note
    case task
    case query
    case record
    /// The list of all objects, and what the user may do with them.
    case describe
    /// SOAP `getUserInfo`.
    case userInfo = "user-info"
    /// The list of API versions.
    case versions
    case action
    /// A request that nothing here answers.
    case other
}

/// Tests that wait for something to show in the audit.
struct Waiters {
    private struct Waiter {
        var isMet: @Sendable (Audit) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private var waiting: [Int: Waiter] = [:]
    private var cancelled: Set<Int> = []
    private var last = 0

    /// A ticket to wait with, or to give the waiting up with, whichever comes first.
    mutating func ticket() -> Int {
        last += 1
        return last
    }

    mutating func wait(
        _ ticket: Int, for isMet: @escaping @Sendable (Audit) -> Bool, _ audit: Audit,
        _ continuation: CheckedContinuation<Void, Never>
    ) {
        if isMet(audit) || cancelled.remove(ticket) != nil {
            continuation.resume()
        } else {
            waiting[ticket] = Waiter(isMet: isMet, continuation: continuation)
        }
    }

    /// Wakes those whose condition is met now.
    mutating func look(at audit: Audit) {
        for (ticket, waiter) in waiting where waiter.isMet(audit) {
            waiting[ticket] = nil
            waiter.continuation.resume()
        }
    }

    mutating func giveUp(_ ticket: Int) {
        if let waiter = waiting.removeValue(forKey: ticket) {
            waiter.continuation.resume()
        } else {
            cancelled.insert(ticket)
        }
    }

    /// Wakes everybody, when nothing more will come.
    mutating func wakeAll() {
        for waiter in waiting.values { waiter.continuation.resume() }
        waiting = [:]
    }
}
