import Testing
import XML

@testable import XMPP

@Suite("Opening a stream to another server")
struct InitiatingRemoteStreamTests {
    private static let local = JID(preparedLocal: nil, domain: "a.test", resource: nil)
    private static let remote = JID(preparedLocal: nil, domain: "b.test", resource: nil)
    private static let secret: [UInt8] = [1, 2, 3]

    private static func machine(
        _ purpose: InitiatingRemoteStream.Purpose = .stanzas,
        policy: RemotePolicy.Authentication = .certificateOrDialback, certificate: Bool = true,
        mayBeBidirectional: Bool = false
    ) -> InitiatingRemoteStream {
        InitiatingRemoteStream(
            .init(
                pair: DomainPair(local: "a.test", remote: "b.test"), purpose: purpose, policy: policy,
                hasCertificate: certificate, dialbackSecret: self.secret,
                mayBeBidirectional: mayBeBidirectional))
    }

    private static let header = StreamHeader(
        contentNamespace: Namespace.server, to: local, from: remote, id: "s1", declaresDialback: true)

    private static let trusted = TLSFacts(
        version: "TLSv1.3", cipher: "",
        peer: .init(names: CertificateNames(dns: ["b.test"]), verification: .trusted))

    private static let untrusted = TLSFacts(
        version: "TLSv1.3", cipher: "",
        peer: .init(names: CertificateNames(dns: ["b.test"]), verification: .untrusted(reason: "expired")))

    private static func features(_ features: StreamFeature...) -> Element { StreamFeatures(features).element }

    /// What the machine does on the features that follow TLS.
    private static func afterTLS(
        _ machine: inout InitiatingRemoteStream, _ facts: TLSFacts = trusted, _ features: StreamFeature...
    ) -> [InitiatingRemoteStream.Directive] {
        _ = machine.start()
        _ = machine.received(self.header)
        #expect(
            machine.received(self.features(.startTLS(isRequired: true)))
                == [.stream(.send(Element("starttls", namespace: Namespace.tls)))])
        #expect(machine.received(Element("proceed", namespace: Namespace.tls)) == [.stream(.startTLS)])
        guard case .stream(.sendHeader) = machine.established(facts).first else {
            Issue.record("the stream was not opened anew under TLS")
            return []
        }
        _ = machine.received(self.header)
        return machine.received(StreamFeatures(features).element)
    }

    private static func failure(
        _ directives: [InitiatingRemoteStream.Directive]
    ) -> InitiatingRemoteStream.Failure? {
        for case .failed(let failure) in directives { return failure }
        return nil
    }

    @Test("A server that offers no TLS gets nothing", arguments: [true, false])
    func noTLS(knowsFeatures: Bool) {
        var machine = Self.machine()
        _ = machine.start()
        var header = Self.header
        if !knowsFeatures { header.version = nil }
        let directives =
            machine.received(header) + machine.received(Self.features(.dialback(hasErrors: true)))
        #expect(Self.failure(directives) == .noTLS)
    }

    @Test("EXTERNAL is preferred, and the stream begins anew after it")
    func external() {
        var machine = Self.machine()
        let directives = Self.afterTLS(
            &machine, Self.trusted, .mechanisms(["EXTERNAL"]), .dialback(hasErrors: true))
        let auth = SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("a.test".utf8))
        #expect(directives == [.stream(.send(auth.element))])
        let success = machine.received(SASLElement.success(nil).element)
        #expect(success.first == .stream(.restart))
        guard case .stream(.sendHeader) = success.last else {
            Issue.record("the stream did not begin anew")
            return
        }
        _ = machine.received(Self.header)
        let limits = StreamLimits(longestStanza: 10_000)
        #expect(
            machine.received(Self.features(.limits(limits))) == [
                .authenticated(limits: limits, offersManagement: false)
            ])
        #expect(machine.isAuthenticated)
    }

    @Test("A refusal of EXTERNAL is reported as such, for a second try by dialback")
    func externalRefused() {
        var machine = Self.machine()
        _ = Self.afterTLS(&machine, Self.trusted, .mechanisms(["EXTERNAL"]))
        let directives = machine.received(SASLElement.failure(SASLFailure(.notAuthorized)).element)
        #expect(Self.failure(directives) == .externalRefused(SASLFailure(.notAuthorized)))
        var second = Self.machine(.stanzasByDialback)
        let key = DialbackKey(secret: Self.secret, receiving: "b.test", originating: "a.test", streamID: "s1")
        let request = DialbackResult(from: Self.local, to: Self.remote, .key(key.text))
        let offers = Self.afterTLS(
            &second, Self.trusted, .mechanisms(["EXTERNAL"]), .dialback(hasErrors: true))
        #expect(offers == [.stream(.send(request.element))])
        let valid = DialbackResult(from: Self.remote, to: Self.local, .valid)
        #expect(
            second.received(valid.element) == [
                .authenticated(limits: StreamLimits(), offersManagement: false)
            ])
    }

    @Test("A verdict from another domain is not believed")
    func foreignVerdict() {
        var machine = Self.machine(certificate: false)
        _ = Self.afterTLS(&machine, Self.trusted, .dialback(hasErrors: true))
        let other = JID(preparedLocal: nil, domain: "c.test", resource: nil)
        #expect(machine.received(DialbackResult(from: other, to: Self.local, .valid).element) == [])
        #expect(machine.received(DialbackResult(from: Self.remote, to: other, .valid).element) == [])
        #expect(!machine.isAuthenticated)
        let refused = machine.received(DialbackResult(from: Self.remote, to: Self.local, .invalid).element)
        #expect(Self.failure(refused) == .dialbackRefused(.invalid))
    }

    @Test("Where policy wants certificates, one that does not count ends the attempt")
    func untrustedPeer() {
        var machine = Self.machine(policy: .certificate)
        let directives = Self.afterTLS(&machine, Self.untrusted, .mechanisms(["EXTERNAL"]))
        #expect(
            Self.failure(directives)
                == .untrustedPeer(reason: "a certificate for b.test is required: expired"))
        var strict = Self.machine(policy: .certificate, certificate: false)
        let offers = Self.afterTLS(&strict, Self.trusted, .dialback(hasErrors: true))
        #expect(Self.failure(offers) == .noCommonMethod)
    }

    @Test("A key that is pinned is enough, and no other key or dialback takes its place")
    func pinned() {
        let facts = TLSFacts(
            version: "TLSv1.3", cipher: "",
            peer: .init(
                names: CertificateNames(), verification: .untrusted(reason: "self-signed"), keyDigest: [1]))
        var right = Self.machine(policy: .pinned([[1], [2]]))
        let auth = SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("a.test".utf8))
        #expect(
            Self.afterTLS(&right, facts, .mechanisms(["EXTERNAL"])) == [.stream(.send(auth.element))])
        var wrong = Self.machine(policy: .pinned([[2]]))
        let directives = Self.afterTLS(&wrong, facts, .mechanisms(["EXTERNAL"]), .dialback(hasErrors: true))
        #expect(
            Self.failure(directives)
                == .untrustedPeer(reason: "the key shown is not the one pinned for b.test"))
        var second = Self.machine(.stanzasByDialback, policy: .pinned([[1]]))
        #expect(
            Self.failure(Self.afterTLS(&second, facts, .dialback(hasErrors: true))) == .noCommonMethod)
    }

    private static let bidi = Element("bidi", namespace: Namespace.bidirectional)

    @Test("XEP-0288 §2.2: <bidi/> goes where it is offered, under TLS and before authentication")
    func bidirectional() {
        var machine = Self.machine(mayBeBidirectional: true)
        let directives = Self.afterTLS(&machine, Self.trusted, .mechanisms(["EXTERNAL"]), .bidirectional)
        let auth = SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("a.test".utf8))
        #expect(directives == [.stream(.send(Self.bidi)), .stream(.send(auth.element))])
        #expect(machine.isBidirectional)
        var plain = Self.machine(mayBeBidirectional: true)
        #expect(
            Self.afterTLS(&plain, Self.trusted, .mechanisms(["EXTERNAL"]))
                == [.stream(.send(auth.element))])
        #expect(!plain.isBidirectional)
        var unwilling = Self.machine()
        #expect(
            Self.afterTLS(&unwilling, Self.trusted, .mechanisms(["EXTERNAL"]), .bidirectional)
                == [.stream(.send(auth.element))])
    }

    @Test(
        "XEP-0288 §2.2: the peer's stanzas pass between the two domains of the stream and no others",
        arguments: [
            ("u@b.test/r", "v@a.test", nil), ("u@c.test", "v@a.test", StreamError.Condition.invalidFrom),
            ("u@b.test", "v@rooms.a.test", .hostUnknown), ("u@b.test", "", .improperAddressing),
        ] as [(String, String, StreamError.Condition?)])
    func returning(from: String, to: String, expected: StreamError.Condition?) {
        var machine = Self.machine(certificate: false, mayBeBidirectional: true)
        _ = Self.afterTLS(&machine, Self.trusted, .dialback(hasErrors: true), .bidirectional)
        var element = Element("message", namespace: Namespace.server, ["from": from, "to": to])
        if to.isEmpty { element[attribute: "to"] = nil }
        var early = machine
        #expect(early.received(element) == [])
        _ = machine.received(DialbackResult(from: Self.remote, to: Self.local, .valid).element)
        // What cannot be a stanza may not be in another's name either, and otherwise ends no stream.
        var malformed = Element(
            "iq", namespace: Namespace.server, ["type": "get", "id": "1", "from": from, "to": to])
        if to.isEmpty { malformed[attribute: "to"] = nil }
        var again = machine
        switch (again.received(malformed).first, expected) {
        case (.malformed(.some), nil): break
        case (.malformed(nil), .hostUnknown), (.malformed(nil), .improperAddressing): break
        case (.stream(.close(let error)), .invalidFrom): #expect(error?.condition == expected)
        case (let other, _): Issue.record("\(String(describing: other))")
        }
        let directives = machine.received(element)
        if let expected {
            guard case .stream(.close(let error)) = directives.first else {
                Issue.record("\(directives)")
                return
            }
            #expect(error?.condition == expected)
            #expect(machine.received(element) == [])
        } else {
            guard case .deliver = directives.first else {
                Issue.record("\(directives)")
                return
            }
        }
    }

    @Test("XEP-0288 §2.2: a peer that wants to prove another domain on the stream hears that it cannot")
    func piggybacking() throws {
        var machine = Self.machine(certificate: false, mayBeBidirectional: true)
        _ = Self.afterTLS(&machine, Self.trusted, .dialback(hasErrors: true), .bidirectional)
        _ = machine.received(DialbackResult(from: Self.remote, to: Self.local, .valid).element)
        let rooms = JID(preparedLocal: nil, domain: "rooms.b.test", resource: nil)
        let directives = machine.received(DialbackResult(from: rooms, to: Self.local, .key("k")).element)
        guard case .stream(.send(let element)) = directives.first else {
            Issue.record("\(directives)")
            return
        }
        let answer = try DialbackResult(parsing: element)
        #expect(answer.from == Self.local && answer.to == rooms)
        #expect(answer.verdict == .error(StanzaError(.featureNotImplemented)))
        #expect(machine.received(DialbackResult(from: rooms, to: Self.local, .valid).element) == [])
    }

    @Test("On a stream that goes one way the peer's stanzas are not acted on")
    func oneWay() {
        var machine = Self.machine(certificate: false)
        _ = Self.afterTLS(&machine, Self.trusted, .dialback(hasErrors: true), .bidirectional)
        _ = machine.received(DialbackResult(from: Self.remote, to: Self.local, .valid).element)
        let element = Element(
            "message", namespace: Namespace.server, ["from": "u@b.test", "to": "v@a.test"])
        #expect(machine.received(element) == [])
    }

    @Test("A verification asks and reports what its server answers for that stream")
    func verification() {
        var machine = Self.machine(.verification(streamID: "x", key: "k"))
        let question = DialbackVerify(from: Self.local, to: Self.remote, id: "x", .key("k"))
        #expect(Self.afterTLS(&machine) == [.stream(.send(question.element))])
        #expect(
            machine.received(DialbackVerify(from: Self.remote, to: Self.local, id: "y", .valid).element) == []
        )
        let answer = DialbackVerify(from: Self.remote, to: Self.local, id: "x", .valid)
        #expect(machine.received(answer.element) == [.verified(.valid), .stream(.close(nil))])
    }

    @Test("A stream error and the end of time fail the attempt, once")
    func ends() {
        var refused = Self.machine()
        _ = refused.start()
        let error = StreamError(.hostUnknown)
        #expect(Self.failure(refused.received(error.element)) == .refused(error))
        #expect(refused.timedOut() == [])
        var slow = Self.machine()
        _ = slow.start()
        #expect(Self.failure(slow.timedOut()) == .timedOut)
    }
}
