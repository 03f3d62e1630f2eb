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
        CommandFace(table: self.bench.table, address: FaceBench.site, now: { self.bench.now })
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
