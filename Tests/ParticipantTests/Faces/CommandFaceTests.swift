import CloudModel
import Operations
import TestSupport
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Ad-hoc commands over a link")
struct CommandFaceTests {
    private let bench = FaceBench()

    private var face: CommandFace {
        let (table, bench) = (self.bench.table, self.bench)
        return CommandFace(
            table: table, performer: OncePerformer(table, now: { bench.now }), address: FaceBench.site,
            now: { bench.now })
    }

    @Test("XEP-0050 §2: each caller is listed what he may do")
    func lists() async throws {
        let face = self.face
        let alice = try #require(try await face.items(node: Command.listNode, for: FaceBench.alice))
        let bob = try #require(try await face.items(node: Command.listNode, for: FaceBench.bob))
        #expect(alice.items.compactMap(\.node).contains("host.list"))
        #expect(Set(bob.items.compactMap(\.node)) == ["machine.list", "machine.start", "machine.delete"])
        #expect(bob.items.allSatisfy { $0.address == FaceBench.site })
        #expect(try await face.items(node: "urn:example", for: FaceBench.alice) == nil)
        #expect(try await face.items(node: "machine.list", for: FaceBench.alice)?.items.isEmpty == true)
    }

    @Test("XEP-0050 §2.3: a command says what it is to whoever may use it")
    func describes() async throws {
        let face = self.face
        let list = try #require(try await face.info(node: Command.listNode, for: FaceBench.bob))
        #expect(list.identities.map(\.type) == ["command-list"])
        let command = try #require(try await face.info(node: "machine.list", for: FaceBench.bob))
        #expect(command.identities.map(\.type) == ["command-node"])
        #expect(try await face.info(node: "host.list", for: FaceBench.bob) == nil)
    }

    @Test("A command without parameters is performed at once, under the caller's grants")
    func performs() async throws {
        let face = self.face
        let answer = try Command(
            parsing: try await face.command(Command(node: "version").element, from: FaceBench.alice))
        #expect(answer.status == .completed)
        #expect(try await self.bench.performed.next() == "version by alice@paris.test")
        let refused = await #expect(throws: StanzaError.self) {
            try await face.command(Command(node: "version").element, from: FaceBench.bob)
        }
        #expect(refused?.condition == .forbidden)
    }

    @Test("What destroys asks once more; its error comes back as one, with what to do")
    func fillsIn() async throws {
        let face = self.face
        let form = try Command(
            parsing: try await face.command(Command(node: "machine.delete").element, from: FaceBench.bob))
        #expect(form.status == .executing && form.form?.field("machine") != nil)
        let session = try #require(form.sessionID)
        let filled = Command(
            node: "machine.delete", sessionID: session, action: .next,
            form: DataForm(.submit, fields: [.init("machine", values: ["none"])]))
        let stranger = await #expect(throws: StanzaError.self) {
            try await face.command(filled.element, from: FaceBench.alice)
        }
        #expect(stranger?.condition == .badRequest)
        let question = try Command(parsing: try await face.command(filled.element, from: FaceBench.bob))
        #expect(question.form?.title == "machine delete none at paris.test")
        let confirmed = Command(
            node: "machine.delete", sessionID: session, action: .complete,
            form: DataForm(.submit, fields: [.init("confirm", values: ["1"])]))
        let error = await #expect(throws: StanzaError.self) {
            try await face.command(confirmed.element, from: FaceBench.bob)
        }
        #expect(error?.condition == .itemNotFound)
        #expect(error?.text?.contains("there is no machine none") == true)
        #expect(try await self.bench.performed.next() == "machine.delete by bob@paris.test")
    }

    /// Fills the form of `machine start` in, in a session of its own.
    private func start(
        _ machine: String, key: String?, by sender: JID = FaceBench.bob, in face: CommandFace
    ) async throws -> Command {
        let form = try Command(
            parsing: try await face.command(Command(node: "machine.start").element, from: sender))
        #expect(form.form?.field("idempotency-key")?.kind == .hidden)
        var fields = [DataForm.Field("machine", values: [machine])]
        if let key { fields.append(DataForm.Field("idempotency-key", values: [key])) }
        let filled = Command(
            node: "machine.start", sessionID: form.sessionID, action: .complete,
            form: DataForm(.submit, fields: fields))
        return try Command(parsing: try await face.command(filled.element, from: sender))
    }

    @Test("A form with the same key is performed once, in whichever session; one without each time")
    func performsOnce() async throws {
        let face = self.face
        let first = try await self.start("web", key: "k-1", in: face)
        let again = try await self.start("web", key: "k-1", in: face)
        #expect(first.status == .completed && again.status == .completed)
        #expect(first.sessionID != again.sessionID && first.notes == again.notes)
        // With another request the key is refused, and another caller's is another key.
        let reused = await #expect(throws: StanzaError.self) {
            try await self.start("db", key: "k-1", in: face)
        }
        #expect(reused?.text?.contains("“k-1” was used for another request") == true)
        _ = try await self.start("web", key: "k-1", by: FaceBench.alice, in: face)
        _ = try await self.start("web", key: nil, in: face)
        _ = try await self.start("web", key: "", in: face)
        for caller in ["bob", "alice", "bob", "bob"] {
            #expect(try await self.bench.performed.next() == "machine.start by \(caller)@paris.test")
        }
        _ = try await face.command(Command(node: "version").element, from: FaceBench.alice)
        #expect(try await self.bench.performed.next() == "version by alice@paris.test")
    }

    @Test("A key may be as long as that of an invocation; a longer one brings the form back")
    func limitsKeys() async throws {
        let face = self.face
        let longest = String(repeating: "k", count: Invoke.keyLimit)
        #expect(try await self.start("web", key: longest, in: face).status == .completed)
        let tooLong = try await self.start("web", key: longest + "k", in: face)
        #expect(tooLong.status == .executing)
        #expect(tooLong.notes.first?.text.contains("idempotency-key must be one key") == true)
        #expect(tooLong.form?.field("machine")?.values == ["web"])
    }

    @Test("What is no command is a bad request; one that nobody knows is named")
    func refuses() async throws {
        let face = self.face
        let broken = await #expect(throws: StanzaError.self) {
            try await face.command(
                Element(Command.elementName, namespace: Command.namespace), from: FaceBench.alice)
        }
        #expect(broken?.condition == .badRequest)
        let unknown = await #expect(throws: StanzaError.self) {
            try await face.command(Command(node: "machine.explode").element, from: FaceBench.alice)
        }
        #expect(unknown?.condition == .itemNotFound)
    }
}
