import Testing
import XML

@testable import XMPP

@Suite("Streams of external components")
struct ComponentStreamTests {
    private static let domain = JID(preparedLocal: nil, domain: "plays.a.test", resource: nil)
    private static let header = StreamHeader(
        contentNamespace: Namespace.component, from: domain, id: "3BF96D32", version: nil)

    private static func machine(_ secret: String = "secret") -> InitiatingComponentStream {
        InitiatingComponentStream(domain: self.domain, secret: secret, host: "a.test")
    }

    private static func failure(_ directives: [AttachmentDirective]) -> AttachmentFailure? {
        for case .failed(let failure) in directives { return failure }
        return nil
    }

    @Test("XEP-0114 §3: the handshake is SHA-1 of the stream's id and the secret, in lower-case hexadecimal")
    func digest() {
        #expect(
            ComponentHandshake.digest(streamID: "3BF96D32", secret: "test")
                == "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e")
    }

    @Test("XEP-0114 §3: both sides agree on the secret, and stanzas flow")
    func agreement() {
        var random = SystemRandomNumberGenerator()
        var ours = Self.machine()
        var theirs = ReceivingComponentStream(secrets: ["plays.a.test": "secret"])
        guard case .stream(.sendHeader(let opening)) = ours.start().first else {
            Issue.record("no header")
            return
        }
        #expect(opening.version == nil)
        guard case .stream(.sendHeader(let answer)) = theirs.received(opening, streamID: "s1").first else {
            Issue.record("no answer")
            return
        }
        guard case .stream(.send(let handshake)) = ours.received(answer).first else {
            Issue.record("no handshake")
            return
        }
        #expect(theirs.received(handshake) == [.authenticated(domain: Self.domain)])
        guard case .stream(.send(let accepted)) = theirs.accepted().first else {
            Issue.record("no word of acceptance")
            return
        }
        #expect(ours.received(accepted, using: &random) == [.ready(AttachedSession(address: Self.domain))])
        let stanza = Element("message", namespace: Namespace.component)
        #expect(ours.received(stanza, using: &random) == [.deliver(stanza)])
        #expect(theirs.received(stanza) == [.deliver(stanza)])
    }

    @Test("XEP-0114 §3: a wrong secret, an unknown domain, a stanza before the handshake")
    func refusals() {
        var machine = ReceivingComponentStream(secrets: ["plays.a.test": "secret"])
        var header = Self.header
        (header.to, header.from) = (Self.domain, nil)
        _ = machine.received(header, streamID: "s1")
        let wrong = ComponentHandshake(digest: ComponentHandshake.digest(streamID: "s1", secret: "guess"))
        #expect(machine.received(wrong.element) == [.stream(.close(StreamError(.notAuthorized)))])
        #expect(machine.received(wrong.element) == [])

        var unknown = ReceivingComponentStream(secrets: [:])
        #expect(unknown.received(header, streamID: "s1").last == .stream(.close(StreamError(.hostUnknown))))

        var early = ReceivingComponentStream(secrets: ["plays.a.test": "secret"])
        _ = early.received(header, streamID: "s1")
        #expect(
            early.received(Element("message", namespace: Namespace.component))
                == [.stream(.close(StreamError(.notAuthorized)))])

        var second = ReceivingComponentStream(secrets: ["plays.a.test": "secret"])
        _ = second.received(header, streamID: "s1")
        let right = ComponentHandshake(digest: ComponentHandshake.digest(streamID: "s1", secret: "secret"))
        _ = second.received(right.element)
        guard case .stream(.close(let error)) = second.refused().first else {
            Issue.record("a second component for the domain was not refused")
            return
        }
        #expect(error?.condition == .conflict)
    }

    @Test(
        "A server that refuses us says so in words an admin can use",
        arguments: [
            (StreamError.Condition.notAuthorized, "secret"), (.conflict, "another process"),
            (.hostUnknown, "not configured"),
        ])
    func failures(condition: StreamError.Condition, advice: String) {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = machine.start()
        _ = machine.received(Self.header)
        let failure = Self.failure(machine.received(StreamError(condition).element, using: &random))
        #expect(failure == .refused(StreamError(condition)))
        #expect(failure?.needsAdmin == true)
        #expect(failure?.description.contains(advice) == true)
    }

    @Test("A port for something else, no id, silence")
    func otherPeers() {
        var machine = Self.machine()
        _ = machine.start()
        var header = Self.header
        header.contentNamespace = Namespace.client
        #expect(Self.failure(machine.received(header)) != nil)
        machine = Self.machine()
        header = Self.header
        header.id = nil
        #expect(Self.failure(machine.received(header)) != nil)
        machine = Self.machine()
        #expect(Self.failure(machine.timedOut()) == .timedOut)
        #expect(machine.timedOut() == [])
        machine = Self.machine()
        let other = TLSFacts(
            version: "TLSv1.3", cipher: "",
            peer: .init(names: CertificateNames(dns: ["b.test"]), verification: .trusted))
        #expect(Self.failure(machine.established(other)) != nil)
    }
}
