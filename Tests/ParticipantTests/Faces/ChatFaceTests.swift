import CloudModel
import Operations
import Synchronization
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
            #expect(answer.payloads.contains(AutomaticAnswer().element))
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

    @Test("XEP-0308 §2: a client that announces no corrections sees the first line and the answer")
    func plainProgress() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("machine start web-1"))
            #expect(try await self.next().text == "paris.test: step (0 of 4)")
            #expect(try await self.next().text == "paris.test: machine.start is done")
        }
    }

    @Test("XEP-0308 §3, §4: one line of progress is corrected in place, at most every three seconds")
    func correctedProgress() async throws {
        #expect(ProgressLine.interval == .seconds(3))
        self.bench.features.withLock { $0 = [Namespace.correction] }
        try await self.bench.chat { face async throws in
            // The client is asked while the first command runs; from some command on its answer is there.
            for _ in 0..<AnswerAllowance.answers {
                await face.receive(FaceBench.line("machine start web-1"))
                let first = try await self.bench.sent.next()
                #expect(first.body == "paris.test: step (0 of 4)")
                let id = try #require(first.id)
                let second = try await self.bench.sent.next()
                guard second.body == "paris.test: step (3 of 4)" else { continue }
                #expect(second.payloads.contains(Correction(of: id).element))
                #expect(second.id != id && second.to == first.to && second.kind == first.kind)
                #expect(try await self.next().text == "paris.test: machine.start is done")
                return
            }
            Issue.record("nothing was corrected")
        }
    }

    @Test("XEP-0308 §4: what came too soon is said when the command is done, in place of the same first line")
    func heldProgress() {
        let start = Instant(millisecondsSinceEpoch: 0)
        var line = ProgressLine()
        func tell(_ text: String, after: Duration, isCorrectable: Bool = true) -> ProgressLine.OnProgress {
            line.tell(text, at: start.advanced(by: after), isCorrectable: isCorrectable, freshID: text)
        }
        #expect(tell("a", after: .zero) == .first(id: "a"))
        #expect(tell("b", after: ProgressLine.interval - .milliseconds(1)) == .nothing)
        #expect(tell("c", after: ProgressLine.interval) == .correction(of: "a"))
        #expect(line.finish(isCorrectable: true) == nil)
        #expect(tell("d", after: ProgressLine.interval + .milliseconds(1)) == .nothing)
        #expect(line.finish(isCorrectable: false) == nil)
        let end = line.finish(isCorrectable: true)
        #expect(end?.text == "d" && end?.original == "a")
        #expect(line.finish(isCorrectable: true) == nil)
        #expect(tell("e", after: .seconds(60), isCorrectable: false) == .nothing)
    }

    @Test("What clients support is asked once in a lifetime, and clients are remembered to a limit")
    func clients() {
        let start = Instant(millisecondsSinceEpoch: 0)
        var clients = ChatClients()
        func mustAsk(_ client: JID, after duration: Duration) -> Bool {
            clients.mustAsk(client, now: start.advanced(by: duration))
        }
        #expect(mustAsk(FaceBench.alice, after: .zero))
        #expect(!mustAsk(FaceBench.alice, after: .zero))
        clients.learned([Namespace.correction, Namespace.chatStates], of: FaceBench.alice)
        #expect(clients.takesCorrections(FaceBench.alice) && clients.takesStates(FaceBench.alice))
        #expect(!mustAsk(FaceBench.alice, after: ChatClients.lifetime - .milliseconds(1)))
        #expect(mustAsk(FaceBench.alice, after: ChatClients.lifetime))
        #expect(!clients.takesCorrections(FaceBench.alice))
        let later = ChatClients.lifetime + .milliseconds(1)
        for number in 1...ChatClients.limit {
            let client = JID(preparedLocal: "c\(number)", domain: "paris.test", resource: "x")
            #expect(mustAsk(client, after: later))
        }
        #expect(mustAsk(FaceBench.alice, after: later), "the one known longest was forgotten")
    }

    @Test("XEP-0085 §5.1, §5.3: composing while a command runs, once, then active with the answer")
    func chatStates() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("version", more: [ChatState.active.element]))
            let composing = try await self.bench.sent.next()
            #expect(composing.chatState == .composing && composing.body == nil && composing.kind == .chat)
            let answer = try await self.bench.sent.next()
            #expect(answer.chatState == .active && answer.body == "paris.test: version is done")
        }
    }

    @Test("XEP-0085 §5.1, §5.4: none for a client that sends none, and none outside of a chat")
    func noChatStates() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("version", more: [ChatState.active.element]))
            _ = try await self.bench.sent.next()
            _ = try await self.bench.sent.next()
            for line in [
                FaceBench.line("version"),
                FaceBench.line("version", kind: .normal, more: [ChatState.active.element]),
            ] {
                await face.receive(line)
                let answer = try await self.bench.sent.next()
                #expect(answer.chatState == nil && answer.body == "paris.test: version is done")
            }
        }
    }

    @Test("XEP-0439 §5.1, §6: every code comes with the answers to it, which the text names too")
    func quickResponses() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("machine delete web-1"))
            let question = try await self.bench.sent.next()
            let responses = try question.payloads.filter(QuickResponse.matches).map(
                QuickResponse.init(parsing:))
            #expect(responses.map(\.label) == ["Confirm", "Cancel"])
            for response in responses { #expect(question.body?.contains(response.value) == true) }
            let first = try #require(responses.first)
            await face.receive(FaceBench.line(first.value))
            #expect(try await self.next().text == "paris.test: machine.delete is done")
            await face.receive(FaceBench.line("machine delete web-1"))
            _ = try await self.bench.sent.next()
            await face.receive(FaceBench.line("cancel"))
            #expect(try await self.next().text == "paris.test: Nothing was done.")
        }
    }

    @Test(
        "XEP-0280 §11, XEP-0313 §8, XEP-0060 §12.2, XEP-0357: copies, archives, events and pushes that nobody asked for are passed over",
        arguments: [
            ("received", "urn:xmpp:carbons:2"), ("sent", "urn:xmpp:carbons:2"), ("result", "urn:xmpp:mam:2"),
            ("forwarded", "urn:xmpp:forward:0"), ("event", "http://jabber.org/protocol/pubsub#event"),
            ("notification", "urn:xmpp:push:0"),
        ])
    func unrequested(name: String, namespace: String) async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("version", more: [Element(name, namespace: namespace)]))
            await face.receive(FaceBench.line("machine list", from: FaceBench.bob))
            #expect(try await self.next().to == FaceBench.bob)
        }
    }

    @Test("What a program says by itself is not answered, nor what we say ourselves")
    func programs() async throws {
        try await self.bench.chat { face async throws in
            await face.receive(FaceBench.line("version", more: [AutomaticAnswer().element]))
            await face.receive(FaceBench.line("version", from: FaceBench.site))
            await face.receive(FaceBench.line("machine list", from: FaceBench.bob))
            #expect(try await self.next().to == FaceBench.bob)
        }
    }

    @Test("One person gets thirty answers a minute, is told once that it is enough, and gets more later")
    func allowance() async throws {
        try await self.bench.chat { face async throws in
            for _ in 0..<AnswerAllowance.answers {
                await face.receive(FaceBench.line("version"))
                #expect(try await self.next().text == "paris.test: version is done")
            }
            await face.receive(FaceBench.line("version"))
            #expect(try await self.next().text.contains("wait 60 s"))
            await face.receive(FaceBench.line("version"))
            await face.receive(FaceBench.line("machine list", from: FaceBench.bob))
            #expect(try await self.next().to == FaceBench.bob)
            self.bench.advance(by: AnswerAllowance.period)
            await face.receive(FaceBench.line("version"))
            #expect(try await self.next().text == "paris.test: version is done")
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
