import AsyncHTTPClient
import NIOCore
import SalesforceSimulator
import TestSupport
import Testing

/// What goes wrong on purpose, and what was really done then.
@Suite(.timeLimit(.minutes(20))) struct SimulatorFaultTests {
    @Test(arguments: [
        (Fault.dropBeforeCommit, false), (.dropAfterCommit, true), (.stall, true),
    ])
    func `a connection is closed without an answer`(_ fault: Fault, _ commits: Bool) async throws {
        try await withOrg {
            $0.stallSeconds = 0.01
        } _: { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(fault)
            await #expect(throws: (any Error).self) {
                try await wire.convert([Envelope.lead(id)], token: token)
            }
            #expect(await wire.simulator.lead(id)?.isConverted == commits)
            #expect(await wire.simulator.audit().calls.last?.fault == fault)
        }
    }

    @Test(arguments: [
        (Fault.badGatewayAfterCommit, UInt(502), true), (.unavailable, 503, false),
        (.html, 200, false),
    ])
    func `an edge answers with a page`(_ fault: Fault, _ status: UInt, _ commits: Bool) async throws
    {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(fault)
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(answer.status == status)
            #expect(answer.body.hasPrefix("<!DOCTYPE html>"))
            #expect(await wire.simulator.lead(id)?.isConverted == commits)
        }
    }

    @Test(arguments: [
        (Fault.governor, "UNKNOWN_EXCEPTION"), (.concurrentLimit, "REQUEST_LIMIT_EXCEEDED"),
        (.expireSession, "INVALID_SESSION_ID"),
    ])
    func `a whole call is refused with a fault`(_ fault: Fault, _ code: String) async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(fault)
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(answer.status == 500)
            #expect(answer.body.contains("<faultcode>sf:\(code)</faultcode>"))
            #expect(!answer.body.contains("LimitInfoHeader"))
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `answers are truncated in two ways in turn`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let ids = [await wire.simulator.addLead(), await wire.simulator.addLead()]
            wire.simulator.script(.truncateAfterCommit, nextCalls: 2)
            let short = try await wire.convert([Envelope.lead(ids[0])], token: token)
            #expect(short.status == 200)
            #expect(short.body.hasPrefix("<?xml") && !short.body.contains("</soapenv:Envelope>"))
            await #expect(throws: (any Error).self) {
                try await wire.convert([Envelope.lead(ids[1])], token: token)
            }
            #expect(await wire.simulator.audit().conversions.map(\.leadID) == ids)
        }
    }

    @Test func `a result is lost or names another lead`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let ids = await wire.simulator.leads(.open, limit: 4).map(\.id)
            wire.simulator.script(.shortResult, forCall: 1)
            wire.simulator.script(.wrongLead, forCall: 2)
            let short = try await wire.convert(ids[0..<2].map { Envelope.lead($0) }, token: token)
            #expect(short.body.all("leadId") == [ids[0]])
            let mixed = try await wire.convert(ids[2..<4].map { Envelope.lead($0) }, token: token)
            #expect(mixed.body.all("leadId").first == ids[2])
            #expect(mixed.body.all("leadId").last != ids[3])
            #expect(await wire.simulator.audit().conversions.map(\.leadID) == ids)
        }
    }

    @Test func `every call that holds the poisonous lead is refused`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let poison = await wire.simulator.addLead(.poison)
            let good = await wire.simulator.addLead()
            let both = try await wire.convert(
                [Envelope.lead(good), Envelope.lead(poison)], token: token)
            #expect(both.body.contains("sf:UNKNOWN_EXCEPTION"))
            let alone = try await wire.convert([Envelope.lead(good)], token: token)
            #expect(alone.body.all("success") == ["true"])
        }
    }

    @Test func `a lock rate of one locks every lead once`() async throws {
        try await withOrg {
            $0.faults = [.lock: 1]
        } _: { wire in
            let token = try await wire.login()
            let asks = await wire.simulator.leads(.open, limit: 3).map { Envelope.lead($0.id) }
            let first = try await wire.convert(asks, token: token)
            #expect(
                first.body.all("statusCode") == Array(repeating: "UNABLE_TO_LOCK_ROW", count: 3))
            let second = try await wire.convert(asks, token: token)
            #expect(second.body.all("success") == Array(repeating: "true", count: 3))
        }
    }

    @Test func `a token that has served no call yet does not expire`() async throws {
        try await withOrg {
            $0.faults = [.expireSession: 1]
        } _: { wire in
            let token = try await wire.login()
            #expect(try await wire.get("/limits", token: token).status == 200)
            #expect(try await wire.get("/limits", token: token).status == 401)
            let renewed = try await wire.login()
            #expect(try await wire.get("/limits", token: renewed).status == 200)
        }
    }

    @Test func `a running call locks its account`() async throws {
        try await withOrg {
            $0.stallSeconds = 3600
        } _: { wire in
            let token = try await wire.login()
            let account = wire.simulator.accountID()
            let ids = await wire.simulator.leads(.open, limit: 3).map(\.id)
            wire.simulator.script(.stall)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    _ = try? await wire.convert(
                        [Envelope.lead(ids[0], accountID: account)], token: token)
                }
                await wire.simulator.wait { $0.calls.count == 2 }
                let asks = [
                    Envelope.lead(ids[1], accountID: account),
                    Envelope.lead(ids[2], accountID: wire.simulator.accountID(1)),
                ]
                let answer = try await wire.convert(asks, token: token)
                #expect(answer.body.all("success") == ["false", "true"])
                #expect(
                    answer.body.all("message") == [
                        "unable to obtain exclusive access to this record or 1 records: \(account)"
                    ])
                group.cancelAll()
            }
        }
    }

    @Test func `a stalled call commits although its caller has gone`() async throws {
        try await withOrg {
            $0.stallSeconds = 0.5
        } _: { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(.stall)
            await withTaskGroup { group in
                group.addTask {
                    await #expect(throws: (any Error).self) {
                        try await wire.convert([Envelope.lead(id)], token: token)
                    }
                }
                await wire.simulator.wait { $0.calls.count == 2 }
                group.cancelAll()
            }
            await wire.simulator.wait { !$0.conversions.isEmpty }
            #expect(await wire.simulator.lead(id)?.isConverted == true)
        }
    }

    @Test func `what still runs at the stop is not committed`() async throws {
        try await withOrg {
            $0.stallSeconds = 3600
        } _: { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(.stall)
            await withTaskGroup { group in
                group.addTask {
                    await #expect(throws: (any Error).self) {
                        try await wire.convert([Envelope.lead(id)], token: token)
                    }
                }
                await wire.simulator.wait { $0.calls.count == 2 }
                await wire.simulator.stop()
            }
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `the same seed gives the same faults`() async throws {
        var runs: [[Fault?]] = []
        for _ in 0..<2 {
            try await withOrg {
                $0.faults = [.unavailable: 0.3, .governor: 0.3]
                $0.seed = 7
            } _: { wire in
                let token = try await wire.login()
                for _ in 0..<20 { _ = try await wire.convert([], token: token) }
                runs.append(await wire.simulator.audit().calls.map(\.fault))
            }
        }
        #expect(runs[0] == runs[1])
        #expect(Set(runs[0]) == [nil, .unavailable, .governor])
    }
}
