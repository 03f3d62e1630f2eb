import Cryptography
import Testing
import XML

@testable import XMPP

@Suite("Opening a client's stream")
struct InitiatingClientStreamTests {
    private static let account = JID(preparedLocal: "paris", domain: "a.test", resource: nil)
    private static let address = JID(preparedLocal: "paris", domain: "a.test", resource: "tradewind")
    private static let header = StreamHeader(
        contentNamespace: Namespace.client, from: account.domainJID, id: "s1")
    private static let trusted = TLSFacts(
        version: "TLSv1.3", cipher: "", exporterBinding: [1, 2, 3],
        peer: .init(names: CertificateNames(dns: ["a.test"]), verification: .trusted))

    private static func machine(
        plain: Bool = false, pinned: SASLMechanism? = nil
    ) -> InitiatingClientStream {
        InitiatingClientStream(
            .init(
                account: self.account, password: "secret", resource: "tradewind", allowsPlain: plain,
                pinned: pinned))
    }

    private static func failure(_ directives: [AttachmentDirective]) -> AttachmentFailure? {
        for case .failed(let failure) in directives { return failure }
        return nil
    }

    private static func sent(_ directives: [AttachmentDirective]) -> Element? {
        for case .stream(.send(let element)) in directives { return element }
        return nil
    }

    /// Up to the features under TLS, which are `features`.
    private static func afterTLS(
        _ machine: inout InitiatingClientStream, _ facts: TLSFacts = trusted, _ features: StreamFeature...
    ) -> [AttachmentDirective] {
        var random = SystemRandomNumberGenerator()
        _ = machine.start()
        _ = machine.received(self.header)
        let starttls = machine.received(
            StreamFeatures([.startTLS(isRequired: true)]).element, using: &random)
        #expect(self.sent(starttls)?.name == "starttls")
        #expect(
            machine.received(Element("proceed", namespace: Namespace.tls), using: &random)
                == [.stream(.startTLS)])
        let established = machine.established(facts)
        guard case .stream(.sendHeader(let header)) = established.first else { return established }
        #expect(header.from == self.account, "under TLS the server is told who asks")
        _ = machine.received(self.header)
        return machine.received(StreamFeatures(features).element, using: &random)
    }

    /// Through SCRAM against the server's half, up to `authenticated`.
    private static func authenticate(
        _ machine: inout InitiatingClientStream, password: String = "secret"
    ) throws -> [AttachmentDirective] {
        var random = SystemRandomNumberGenerator()
        var server = ReceivingClientStream(
            .init(
                domains: ["a.test"], mechanisms: [.scramSHA256, .scramSHA256Plus], allowsCleartext: false,
                authenticationFailures: 5, sessionFeatures: [.bind], limits: StreamLimits()))
        let credentials = try SCRAMCredentials.derive(
            password: password, salt: [1, 2, 3, 4], iterations: 4_096, hash: .sha256)
        _ = machine.established(self.trusted)
        _ = server.established(self.trusted)
        var toServer = machine.start()
        var toClient: [AttachmentDirective] = []
        // Each round hands the server what the client said, and the other way round.
        for _ in 0..<8 where !toServer.isEmpty {
            var answers: [ReceivingClientStream.Directive] = []
            for case .stream(let directive) in toServer {
                if case .sendHeader(let header) = directive {
                    answers += server.received(header, streamID: "s1")
                } else if case .send(let element) = directive {
                    answers += server.received(element, using: &random)
                }
            }
            if case .needCredentials = answers.last { answers = server.receive(credentials) }
            toServer = []
            for case .stream(let directive) in answers {
                if case .sendHeader(let header) = directive {
                    toClient = machine.received(header)
                } else if case .send(let element) = directive {
                    toClient = machine.received(element, using: &random)
                }
                if case .hash(let hashing) = toClient.last {
                    toClient = machine.receive(hashing.perform(), using: &random)
                }
                if case .authenticated = toClient.last { return toClient }
                if self.failure(toClient) != nil { return toClient }
                toServer += toClient
            }
        }
        return toClient
    }

    @Test("RFC 6120 §5–7: TLS, authentication with channel binding, the resource that was asked for")
    func whole() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        guard case .authenticated(let features) = try Self.authenticate(&machine).last else {
            Issue.record("not authenticated")
            return
        }
        #expect(features.offersBind)
        let request = try #require(Self.sent(machine.bind()))
        #expect(request.elements.first?.child("resource")?.text == "tradewind")
        let answer = Stanza.iq(
            IQ(to: nil, id: "bind", body: .result(ResourceBinding(address: Self.address).element)))
        guard case .ready(let session) = machine.received(answer.element(), using: &random).last else {
            Issue.record("not ready")
            return
        }
        #expect(session.address == Self.address)
        #expect(session.mechanism == .scramSHA256Plus)
        let message = Element("message", namespace: Namespace.client)
        #expect(machine.received(message, using: &random) == [.deliver(message)])
    }

    @Test("XEP-0198 §5: the answer to a resumption is delivered, and the stream keeps its address")
    func resumption() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = try Self.authenticate(&machine)
        let resumed = Element("resumed", namespace: "urn:xmpp:sm:3")
        #expect(machine.received(resumed, using: &random) == [.deliver(resumed)])
        guard case .ready(let session) = machine.resumed().last else {
            Issue.record("not ready")
            return
        }
        #expect(session.address == Self.address)
        #expect(machine.bind() == [], "a stream that goes on binds nothing")
    }

    @Test("RFC 6120 §7.6: an address that is not the one other sites look for is refused")
    func otherAddress() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = try Self.authenticate(&machine)
        _ = machine.bind()
        let other = JID(preparedLocal: "paris", domain: "a.test", resource: "8f2a")
        let answer = Stanza.iq(
            IQ(to: nil, id: "bind", body: .result(ResourceBinding(address: other).element)))
        #expect(Self.failure(machine.received(answer.element(), using: &random)) == .otherAddress(other))
    }

    @Test("RFC 6120 §6.4: a wrong password is told from a server that does not prove itself")
    func wrongPassword() throws {
        var machine = Self.machine()
        guard
            case .notAuthenticated(.refused(let failure)) = Self.failure(
                try Self.authenticate(&machine, password: "another"))
        else {
            Issue.record("the server took a wrong password")
            return
        }
        #expect(failure.condition == .notAuthorized)
        #expect(AttachmentFailure.notAuthenticated(.refused(failure)).needsAdmin)
    }

    @Test("RFC 6120 §13.7.1: nothing is said to a server whose certificate does not prove the domain")
    func untrusted() {
        for (name, verification) in [
            ("b.test", TLSFacts.Peer.Verification.trusted), ("a.test", .untrusted(reason: "expired")),
        ] {
            var machine = Self.machine()
            let facts = TLSFacts(
                version: "TLSv1.3", cipher: "",
                peer: .init(names: CertificateNames(dns: [name]), verification: verification))
            guard case .untrustedServer = Self.failure(Self.afterTLS(&machine, facts)) else {
                Issue.record("\(name) was trusted")
                return
            }
        }
    }

    @Test("RFC 6120 §5.3.1: a server without STARTTLS gets nothing")
    func noTLS() {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine(plain: true)
        _ = machine.start()
        _ = machine.received(Self.header)
        let directives = machine.received(
            StreamFeatures([.mechanisms(["PLAIN", "SCRAM-SHA-256"])]).element, using: &random)
        #expect(Self.failure(directives) == .noTLS)
    }

    @Test(
        "PLAIN only if configured, and nothing weaker than last time",
        arguments: [
            (["PLAIN"], false, nil, nil), (["PLAIN"], true, nil, SASLMechanism.plain),
            (["PLAIN", "SCRAM-SHA-1"], true, nil, .scramSHA1),
            (["SCRAM-SHA-1", "SCRAM-SHA-256"], false, SASLMechanism.scramSHA256, .scramSHA256),
            (["SCRAM-SHA-1"], false, .scramSHA256, nil),
            (["SCRAM-SHA-1", "SCRAM-SHA-256"], false, .scramSHA256Plus, nil),
            (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], false, .scramSHA1, .scramSHA256Plus),
        ] as [([String], Bool, SASLMechanism?, SASLMechanism?)])
    func mechanisms(
        offered: [String], plain: Bool, pinned: SASLMechanism?, chosen: SASLMechanism?
    ) {
        var machine = Self.machine(plain: plain, pinned: pinned)
        let directives = Self.afterTLS(&machine, Self.trusted, .mechanisms(offered))
        #expect(Self.sent(directives)?[attribute: "mechanism"] == chosen?.rawValue)
        switch (chosen, Self.failure(directives)) {
        case (.some, .none), (.none, .noCommonMechanism), (.none, .weakerMechanism): break
        case (_, let failure): Issue.record("unexpected: \(String(describing: failure))")
        }
    }

    @Test(
        "RFC 5802 §6: a server that does not say which bindings it knows is tried with tls-unique, then tls-exporter"
    )
    func silentAboutBindings() throws {
        var random = SystemRandomNumberGenerator()
        var facts = Self.trusted
        facts.uniqueBinding = [4, 5, 6]
        var machine = Self.machine()
        func first(_ directives: [AttachmentDirective]) throws -> String {
            guard
                case .auth(_, .some(let bytes)) = try SASLElement(
                    parsing: try #require(Self.sent(directives)))
            else { return "" }
            return String(decoding: bytes.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
        }
        let directives = Self.afterTLS(&machine, facts, .mechanisms(["SCRAM-SHA-256-PLUS"]))
        #expect(try first(directives) == "p=tls-unique")
        let refusal = SASLElement.failure(SASLFailure(.notAuthorized)).element
        #expect(try first(machine.received(refusal, using: &random)) == "p=tls-exporter")
        guard case .notAuthenticated = Self.failure(machine.received(refusal, using: &random)) else {
            Issue.record("a third attempt")
            return
        }
        var announced = Self.machine()
        let known = Self.afterTLS(
            &announced, facts, .mechanisms(["SCRAM-SHA-256-PLUS"]), .channelBindings(["tls-exporter"]))
        #expect(try first(known) == "p=tls-exporter")
    }
}
