import CloudModel
import Operations
import Synchronization
import Testing
import XMPP

@Suite("OperationTable")
struct OperationTableTests {
    private static let paris = SiteID("paris.test")
    private let alice = GrantBook.Caller(JID(preparedLocal: "alice", domain: "paris.test", resource: "phone"))
    private let bob = GrantBook.Caller(address: "bob@paris.test", domain: "paris.test")

    private final class Recorder: OperationPerformer {
        let invocations = Mutex<[Invocation]>([])
        let audits = Mutex<[AuditRecord]>([])

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            self.invocations.withLock { $0.append(invocation) }
            return OperationResult(site: invocation.site ?? SiteID("nowhere.test"))
        }
    }

    private func table(_ recorder: Recorder) -> OperationTable {
        let book = GrantBook(grants: [
            Grant(subject: .address("alice@paris.test"), permissions: .all, scope: .site),
            Grant(subject: .address("bob@paris.test"), permissions: .noun("machine"), scope: .own),
        ])
        var table = OperationTable(
            site: Self.paris, grants: { () async throws(OperationError) -> GrantBook in book },
            remote: recorder
        ) { record in recorder.audits.withLock { $0.append(record) } }
        for name in ["machine.start", "machine.list", "account.create"] {
            table.register(name) { (invocation, _) async throws(OperationError) -> OperationResult in
                try await recorder.perform(invocation)
            }
        }
        return table
    }

    @Test("The grant decides, and its reach is told to the handler")
    func checksGrants() async throws {
        let recorder = Recorder()
        let table = self.table(recorder)
        let start = ["machine": "web-1"] as [String: Value]
        _ = try await table.perform(
            Invocation(operation: "machine.start", arguments: start, caller: self.alice))
        _ = try await table.perform(
            Invocation(operation: "machine.start", arguments: start, caller: self.bob))
        #expect(recorder.invocations.withLock { $0.map(\.scope) } == [.site, .own])
        let error = await #expect(throws: OperationError.self) {
            try await table.perform(
                Invocation(
                    operation: "account.create", arguments: ["account": "eve", "password": "secret"],
                    caller: self.bob))
        }
        #expect(error?.code == .forbidden)
        #expect(
            error?.next == "ask an administrator of paris.test for: grant add bob@paris.test account.create")
        #expect(error?.site == Self.paris)
        #expect(recorder.invocations.withLock { $0.count } == 2)
    }

    @Test("Arguments are checked before the handler sees them")
    func checksArguments() async {
        let recorder = Recorder()
        let error = await #expect(throws: OperationError.self) {
            try await self.table(recorder).perform(Invocation(operation: "machine.start", caller: self.alice))
        }
        #expect(error?.code == .badRequest)
        #expect(recorder.invocations.withLock { $0.isEmpty })
    }

    @Test("What nobody performs here is said so; what is in no catalogue too")
    func knowsWhatIsOffered() async throws {
        let table = self.table(Recorder())
        let offered = await #expect(throws: OperationError.self) {
            try await table.perform(Invocation(operation: "workload.list", caller: self.alice))
        }
        #expect(offered?.code == .notOffered)
        let unknown = await #expect(throws: OperationError.self) {
            try await table.perform(Invocation(operation: "machine.explode", caller: self.alice))
        }
        #expect(unknown?.code == .notFound)
        #expect(try await table.permitted(to: self.bob).map(\.name) == ["machine.list", "machine.start"])
    }

    @Test("A grant on what somebody made himself does not reach what belongs to the whole site")
    func ownIsNotSite() async throws {
        let book = GrantBook(grants: [
            Grant(subject: .address("bob@paris.test"), permissions: .all, scope: .own)
        ])
        let recorder = Recorder()
        var table = OperationTable(
            site: Self.paris, grants: { () async throws(OperationError) -> GrantBook in book })
        for name in ["grant.add", "grant.list", "machine.start"] {
            table.register(name) { (invocation, _) async throws(OperationError) -> OperationResult in
                try await recorder.perform(invocation)
            }
        }
        let error = await #expect(throws: OperationError.self) {
            try await table.perform(
                Invocation(
                    operation: "grant.add", arguments: ["subject": "bob@paris.test", "permissions": "all"],
                    caller: self.bob))
        }
        #expect(error?.code == .forbidden)
        #expect(recorder.invocations.withLock { $0.isEmpty })
        #expect(Set(try await table.permitted(to: self.bob).map(\.name)) == ["grant.list", "machine.start"])
    }

    @Test("A record shows no value under an unknown name, and nothing without end")
    func auditsAreBounded() {
        let mistyped = AuditRecord(
            Invocation(
                operation: "account.create", arguments: ["account": "eve", "pasword": "hunter22"],
                caller: self.bob), at: Self.paris, outcome: .failed(.badRequest))
        #expect(mistyped.arguments == #"{"account":"eve","pasword":"…"}"#)
        let long = String(repeating: "x", count: AuditRecord.textLimit + 1)
        let flood = AuditRecord(
            Invocation(operation: long, arguments: [long: "x"], caller: self.bob, behalf: long),
            at: Self.paris, outcome: .failed(.notFound))
        #expect(flood.operation.count == AuditRecord.textLimit)
        #expect(flood.behalf?.count == AuditRecord.textLimit)
        #expect(flood.arguments.count == AuditRecord.textLimit)
    }

    @Test("Another site is asked on the caller's behalf, but only for those whose grant covers this site")
    func forwards() async throws {
        let recorder = Recorder()
        let table = self.table(recorder)
        let tokyo = SiteID("tokyo.test")
        let arguments = ["machine": "web-1"] as [String: Value]
        let result = try await table.perform(
            Invocation(operation: "machine.start", arguments: arguments, caller: self.alice, site: tokyo))
        #expect(result.site == tokyo)
        #expect(recorder.invocations.withLock { $0.first?.behalf } == "alice@paris.test")
        let error = await #expect(throws: OperationError.self) {
            try await table.perform(
                Invocation(operation: "machine.start", arguments: arguments, caller: self.bob, site: tokyo))
        }
        #expect(error?.code == .forbidden)
    }

    @Test("Two who chose the same key do not meet at another site, and a key that is passed on still fits")
    func forwardsKeys() async throws {
        let recorder = Recorder()
        let key = String(repeating: "k", count: Invoke.keyLimit)
        let book = GrantBook(grants: [Grant(subject: .domain("paris.test"), permissions: .all, scope: .site)])
        let table = OperationTable(
            site: Self.paris, grants: { () async throws(OperationError) -> GrantBook in book },
            remote: recorder)
        for caller in [self.alice, self.bob, self.alice] {
            _ = try await table.perform(
                Invocation(
                    operation: "machine.start", arguments: ["machine": "web-1"], caller: caller,
                    site: SiteID("tokyo.test"), idempotencyKey: key))
        }
        let keys = recorder.invocations.withLock { $0.compactMap(\.idempotencyKey) }
        #expect(keys.count == 3 && keys[0] == keys[2] && keys[0] != keys[1])
        #expect(keys.allSatisfy { $0.utf8.count <= Invoke.keyLimit })
    }

    @Test("Who belongs to a site that is not allied is told why, and what its owner can do")
    func suspended() async throws {
        let recorder = Recorder()
        let book = GrantBook(
            grants: [Grant(subject: .address("tokyo.test"), permissions: .all, scope: .site)],
            suspensions: ["tokyo.test": .quarantined])
        var table = OperationTable(
            site: Self.paris, grants: { () async throws(OperationError) -> GrantBook in book })
        table.register("machine.list") { (invocation, _) async throws(OperationError) -> OperationResult in
            try await recorder.perform(invocation)
        }
        let tokyo = GrantBook.Caller(address: "tokyo.test", domain: "tokyo.test")
        let error = await #expect(throws: OperationError.self) {
            try await table.perform(Invocation(operation: "machine.list", caller: tokyo))
        }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("quarantined") == true)
        #expect(error?.next?.contains("site accept") == true)
        #expect(try await table.permitted(to: tokyo).isEmpty)
        #expect(recorder.invocations.withLock { $0.isEmpty })
    }

    @Test("Everything asked is recorded, secrets are not")
    func audits() async throws {
        let recorder = Recorder()
        let table = self.table(recorder)
        _ = try await table.perform(
            Invocation(
                operation: "account.create", arguments: ["account": "eve", "password": "hunter22"],
                caller: self.alice))
        _ = await #expect(throws: OperationError.self) {
            try await table.perform(
                Invocation(
                    operation: "account.create", arguments: ["account": "eve", "password": "hunter22"],
                    caller: self.bob))
        }
        let records = recorder.audits.withLock { $0 }
        #expect(records.map(\.outcome) == [.performed, .failed(.forbidden)])
        #expect(records.map(\.arguments) == Array(repeating: #"{"account":"eve","password":"…"}"#, count: 2))
    }
}
