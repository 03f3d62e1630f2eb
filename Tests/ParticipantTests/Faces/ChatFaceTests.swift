import CloudModel
import Operations
import TestSupport
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Chat over a link")
struct ChatFaceTests {
    private let bench = FaceBench()

    private func next() async throws -> (to: JID?, text: String) {
        let message = try await self.bench.sent.next()
        return (message.to, message.body ?? "")
    }

    @Test(
        "A line is answered to the client that wrote it, in its thread and kind, after the receipt it asked for"
    )
    func answers() async throws {
        try await self.bench.chat { face async throws in
            let thread = Element("thread", namespace: Namespace.client, text: "t1")
            await face.receive(
                FaceBench.line("version", kind: .normal, more: [thread, ReceiptRequest().element]))
            let receipt = try await self.bench.sent.next()
            #expect(receipt.payloads == [ReceiptReceived(id: "m1").element])
            let answer = try await self.bench.sent.next()
            #expect(answer.to == FaceBench.alice && answer.kind == .normal)
            #expect(answer.body == "paris.test: version is done")
            #expect(answer.payloads.contains(thread))
        }
    }

    @Test("Servers, rooms, headlines, errors, empty lines and old ones are passed over")
    func passesOver() async throws {
        try await self.bench.chat { face async throws in
            let delay = Delay(time: DateTime(millisecondsSinceEpoch: 0)).element
            let server = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
            for message in [
                FaceBench.line("version", from: server), FaceBench.line("version", kind: .groupchat),
                FaceBench.line("version", kind: .headline), FaceBench.line("version", kind: .error),
                FaceBench.line(""), FaceBench.line("version", more: [delay]),
            ] {
                await face.receive(message)
            }
            await face.receive(FaceBench.line("host lits"))
            #expect(try await self.next().text.contains("did you mean “host list”?"))
        }
    }

    @Test("Help shows what the caller may do, and what he may not is refused with what to ask for")
    func heedsGrants() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("help", from: FaceBench.bob))
            let help = try await self.next()
            #expect(help.to == FaceBench.bob)
            #expect(help.text.contains("machine list") && !help.text.contains("host list"))
            await face.receive(FaceBench.line("host list", from: FaceBench.bob))
            #expect(try await self.next().text.contains("grant add bob@paris.test host.list"))
        }
    }

    @Test("What destroys waits for the code, from whichever of the caller's clients")
    func confirms() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("machine delete web-1"))
            let question = try await self.next().text
            let code = try #require(question.firstMatch(of: /confirm ([0-9a-z]+)/)).output.1
            let desk = JID(preparedLocal: "alice", domain: "paris.test", resource: "desk")
            await face.receive(FaceBench.line("confirm \(code)", from: desk))
            let answer = try await self.next()
            #expect(answer.to == desk && answer.text == "paris.test: machine.delete is done")
            #expect(try await self.bench.performed.next() == "machine.delete by alice@paris.test")
        }
    }

    @Test("An error says what to write instead")
    func errors() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("machine delete none"))
            let question = try await self.next().text
            let code = try #require(question.firstMatch(of: /confirm ([0-9a-z]+)/)).output.1
            await face.receive(FaceBench.line("confirm \(code)"))
            #expect(try await self.next().text.hasSuffix("Next: see: machine list"))
        }
    }

    @Test("Progress is told no more often than every three seconds")
    func progress() async throws {
        #expect(ChatFace.progressInterval == .seconds(3))
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("machine start web-1"))
            #expect(try await self.next().text == "paris.test: step (0 of 4)")
            #expect(try await self.next().text == "paris.test: step (3 of 4)")
            #expect(try await self.next().text == "paris.test: machine.start is done")
        }
    }

    @Test("Lines of one sender wait for each other, to a limit; another sender does not wait for them")
    func queues() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("host list"))
            #expect(try await self.bench.gate.arrivals.next() == "alice@paris.test")
            for _ in 0..<ChatMailbox.linesPerSender { await face.receive(FaceBench.line("version")) }
            await face.receive(FaceBench.line("one too many"))
            #expect(try await self.next().text.contains("too many commands are waiting"))
            await face.receive(FaceBench.line("machine list", from: FaceBench.bob))
            #expect(try await self.next().to == FaceBench.bob)
            self.bench.gate.open()
            #expect(try await self.next().text == "paris.test: host.list is done")
            for _ in 0..<ChatMailbox.linesPerSender {
                #expect(try await self.next().text == "paris.test: version is done")
            }
        }
    }
}
