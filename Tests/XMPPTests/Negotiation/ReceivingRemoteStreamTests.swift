import Testing
import XML

@testable import XMPP

@Suite("Receiving a stream of another server")
struct ReceivingRemoteStreamTests {
    private static let secret: [UInt8] = Array("secret".utf8)

    private static func domain(_ name: String) -> JID { JID(preparedLocal: nil, domain: name, resource: nil) }

    private static func header(
        to: String? = "a.test", from: String? = "b.test", version: StreamHeader.Version? = .current
    )
        -> StreamHeader
    {
        StreamHeader(
            contentNamespace: Namespace.server, to: to.map(Self.domain), from: from.map(Self.domain),
            version: version)
    }

    private static func facts(_ names: [String]) -> TLSFacts {
        TLSFacts(
            version: "TLSv1.3", cipher: "",
            peer: names.isEmpty ? nil : .init(names: CertificateNames(dns: names), verification: .trusted))
    }

    private static func machine(_ policy: RemotePolicy = RemotePolicy()) -> ReceivingRemoteStream {
        ReceivingRemoteStream(
            .init(
                domains: ["a.test"], policy: policy, dialbackSecret: self.secret, authenticationFailures: 5,
                limits: StreamLimits()))
    }

    /// A machine on which TLS is up and the stream is open; `proven` are the names in the peer's certificate.
    private static func open(
        _ proven: [String] = [], policy: RemotePolicy = RemotePolicy()
    ) -> ReceivingRemoteStream {
        var machine = self.machine(policy)
        _ = machine.established(self.facts(proven))
        _ = machine.received(self.header(), streamID: "s1")
        return machine
    }

    private static func request(from: String = "b.test", to: String = "a.test") -> Element {
        DialbackResult(from: self.domain(from), to: self.domain(to), .key("key")).element
    }

    private static func message(from: String, to: String = "a.test") -> Element {
        Element("message", namespace: Namespace.server, ["from": from, "to": to])
    }

    private static func condition(_ directives: [ReceivingRemoteStream.Directive]) -> StreamError.Condition? {
        for case .stream(.close(let error)) in directives { return error?.condition }
        return nil
    }

    private static func features(_ directives: [ReceivingRemoteStream.Directive]) throws -> StreamFeatures {
        for case .stream(.send(let element)) in directives { return try StreamFeatures(parsing: element) }
        throw StreamError(.badFormat)
    }

    @Test(
        "A header is refused for what is wrong with it",
        arguments: [
            (Self.header(to: nil), StreamError.Condition.improperAddressing),
            (Self.header(to: "x.test"), .hostUnknown), (Self.header(version: nil), .unsupportedVersion),
            (StreamHeader(contentNamespace: Namespace.client, to: Self.domain("a.test")), .invalidNamespace),
        ])
    func headers(header: StreamHeader, expected: StreamError.Condition) {
        var machine = Self.machine()
        let directives = machine.received(header, streamID: "s1")
        guard case .stream(.sendHeader) = directives.first else {
            Issue.record("the error came before our own header")
            return
        }
        #expect(Self.condition(directives) == expected)
    }

    @Test("What is offered depends on TLS, certificate and policy")
    func offers() throws {
        var clear = Self.machine()
        let first = try Self.features(clear.received(Self.header(), streamID: "s1"))
        #expect(first.startTLSIsRequired == true)
        #expect(!first.offersDialback)
        var proven = Self.machine(RemotePolicy(standard: .certificate))
        _ = proven.established(Self.facts(["b.test"]))
        let second = try Self.features(proven.received(Self.header(), streamID: "s1"))
        #expect(second.mechanisms == ["EXTERNAL"])
        #expect(!second.offersDialback)
        var unproven = Self.machine()
        _ = unproven.established(Self.facts(["c.test"]))
        let third = try Self.features(unproven.received(Self.header(), streamID: "s1"))
        #expect(third.mechanisms.isEmpty)
        #expect(third.offersDialback)
        var refused = Self.machine(RemotePolicy(standard: .certificate))
        _ = refused.established(Self.facts(["c.test"]))
        #expect(Self.condition(refused.received(Self.header(), streamID: "s1")) == .notAuthorized)
    }

    @Test("Before TLS neither dialback, SASL nor stanzas are taken")
    func cleartext() {
        let elements = [
            Self.request(), SASLElement.auth(mechanism: "EXTERNAL", initialResponse: nil).element,
            Self.message(from: "b.test"),
        ]
        for element in elements {
            var machine = Self.machine()
            _ = machine.received(Self.header(), streamID: "s1")
            #expect(Self.condition(machine.received(element)) != nil)
            #expect(!machine.isAuthenticated)
        }
    }

    @Test("EXTERNAL without an initial response asks once and then takes the domain of the stream only")
    func externalInTwoSteps() {
        var machine = Self.open(["b.test", "c.test"])
        let question = machine.received(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: nil).element)
        #expect(question == [.stream(.send(SASLElement.challenge([]).element))])
        var other = machine
        let success = machine.received(SASLElement.response([]).element)
        #expect(success.last == .stream(.restart))
        #expect(machine.proven == ["b.test"])
        let refusal = other.received(SASLElement.response(Array("c.test".utf8)).element)
        guard case .stream(.send(let failure)) = refusal.first else {
            Issue.record("no failure was sent")
            return
        }
        #expect(failure.child("invalid-authzid") != nil)
        #expect(other.proven.isEmpty)
    }

    @Test("A dialback request is verified once, and its verdict believed only if it was asked for")
    func dialback() {
        var machine = Self.open()
        let pair = DomainPair(local: "a.test", remote: "b.test")
        #expect(machine.verified(pair, .valid) == [])
        #expect(!machine.isAuthenticated)
        #expect(machine.received(Self.request()) == [.verify(pair, streamID: "s1", key: "key")])
        #expect(machine.received(Self.request()) == [])
        #expect(machine.verified(DomainPair(local: "a.test", remote: "c.test"), .valid) == [])
        #expect(machine.verified(pair, .valid).last == .authenticated(pair))
        #expect(machine.proven == ["b.test"])
        #expect(machine.verified(pair, .valid) == [])
    }

    @Test(
        "Answers that this stream did not ask for are ignored", arguments: [DialbackVerdict.valid, .invalid])
    func unsolicited(verdict: DialbackVerdict) {
        var machine = Self.open()
        let (from, to) = (Self.domain("b.test"), Self.domain("a.test"))
        #expect(machine.received(DialbackResult(from: from, to: to, verdict).element) == [])
        #expect(machine.received(DialbackVerify(from: from, to: to, id: "s1", verdict).element) == [])
        #expect(!machine.isAuthenticated)
    }

    @Test("Policy forbids dialback for single domains")
    func forbidden() {
        var machine = Self.open(policy: RemotePolicy(exceptions: ["c.test": .certificate]))
        let directives = machine.received(Self.request(from: "c.test"))
        #expect(directives.count == 2)
        guard case .turnedAway("c.test", _) = directives.first,
            case .stream(.send(let element)) = directives.last
        else {
            Issue.record("no answer")
            return
        }
        #expect(element[attribute: "type"] == "error")
        #expect(!machine.isAuthenticated)
    }

    @Test(
        "XEP-0288 §2.1: both directions are offered under TLS, and asked for before anything is authenticated"
    )
    func bidirectional() throws {
        let bidi = Element("bidi", namespace: Namespace.bidirectional)
        var clear = Self.machine()
        let first = try Self.features(clear.received(Self.header(), streamID: "s1"))
        #expect(!first.offersBidirectional)
        #expect(Self.condition(clear.received(bidi)) == .policyViolation)
        var machine = Self.machine()
        _ = machine.established(Self.facts(["b.test"]))
        #expect(try Self.features(machine.received(Self.header(), streamID: "s1")).offersBidirectional)
        #expect(machine.received(bidi) == [])
        #expect(machine.isBidirectional)
        var late = Self.open(["b.test"])
        _ = late.received(Self.request())
        #expect(Self.condition(late.received(bidi)) == .policyViolation)
        var asked = Self.open()
        _ = asked.received(Self.request())
        #expect(Self.condition(asked.received(bidi)) == .policyViolation)
    }

    @Test("Nobody else speaks for a domain that is served here, whatever he shows and whoever answers for it")
    func ownDomain() {
        var machine = Self.machine()
        _ = machine.established(Self.facts(["a.test"]))
        #expect(Self.condition(machine.received(Self.header(from: "a.test"), streamID: "s1")) == .invalidFrom)
        var second = Self.open(["b.test", "a.test"])
        _ = second.received(Self.request())
        #expect(Self.condition(second.received(Self.request(from: "a.test"))) == .invalidFrom)
        #expect(second.proven == ["b.test"])
    }

    @Test("Who is blocked hears so before TLS, and is not believed as a second domain of a stream either")
    func blocked() {
        let policy = RemotePolicy(exceptions: ["b.test": .blocked])
        var machine = Self.machine(policy)
        let directives = machine.received(Self.header(), streamID: "s1")
        #expect(Self.condition(directives) == .policyViolation)
        #expect(directives.contains { if case .turnedAway("b.test", _) = $0 { true } else { false } })
        var other = Self.machine(policy)
        _ = other.established(Self.facts(["b.test", "c.test"]))
        _ = other.received(Self.header(from: "c.test"), streamID: "s1")
        _ = other.received(Self.request(from: "b.test"))
        #expect(other.proven.isEmpty)
    }

    @Test("A key that is pinned is enough, and no other key or dialback takes its place")
    func pinned() throws {
        let facts = TLSFacts(
            version: "TLSv1.3", cipher: "",
            peer: .init(
                names: CertificateNames(), verification: .untrusted(reason: "expired"), keyDigest: [1]))
        var right = Self.machine(RemotePolicy(exceptions: ["b.test": .pinned([[1]])]))
        _ = right.established(facts)
        let offer = try Self.features(right.received(Self.header(), streamID: "s1"))
        #expect(offer.mechanisms == ["EXTERNAL"])
        #expect(!offer.offersDialback)
        let auth = SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("b.test".utf8))
        _ = right.received(auth.element)
        #expect(right.proven == ["b.test"])
        var wrong = Self.machine(RemotePolicy(exceptions: ["b.test": .pinned([[2]])]))
        _ = wrong.established(facts)
        #expect(Self.condition(wrong.received(Self.header(), streamID: "s1")) == .notAuthorized)
    }

    @Test("A certificate for the very domain makes calling back needless")
    func dialbackWithCertificate() {
        var machine = Self.open(["b.test"])
        #expect(
            machine.received(Self.request()).last == .authenticated(.init(local: "a.test", remote: "b.test")))
        guard case .verify = machine.received(Self.request(from: "c.test")).first else {
            Issue.record("a certificate for one domain proved another")
            return
        }
    }

    @Test("A server answers for its own keys, and for no others")
    func authoritative() throws {
        let key = DialbackKey(secret: Self.secret, receiving: "b.test", originating: "a.test", streamID: "x")
        func verdict(_ text: String, to: String = "a.test") throws -> DialbackVerdict {
            var machine = Self.open()
            let question = DialbackVerify(
                from: Self.domain("b.test"), to: Self.domain(to), id: "x", .key(text))
            guard case .stream(.send(let element)) = machine.received(question.element).first else {
                throw StreamError(.badFormat)
            }
            return try DialbackVerify(parsing: element).verdict
        }
        #expect(try verdict(key.text) == .valid)
        #expect(try verdict("guess") == .invalid)
        guard case .error = try verdict(key.text, to: "x.test") else {
            Issue.record("answered for a domain that is not served")
            return
        }
    }

    @Test("No more than 16 verifications of one stream are under way")
    func pendingLimit() {
        var machine = Self.open()
        for number in 0..<ReceivingRemoteStream.pendingVerificationsLimit {
            guard case .verify = machine.received(Self.request(from: "d\(number).test")).first else {
                Issue.record("request \(number) was not verified")
                return
            }
        }
        guard case .stream(.send(let refusal)) = machine.received(Self.request(from: "e.test")).first else {
            Issue.record("one too many was taken")
            return
        }
        #expect(refusal[attribute: "type"] == "error")
    }

    @Test("No more than 256 domains are proved on one stream, by whatever means")
    func provenLimit() {
        let limit = ReceivingRemoteStream.provenDomainsLimit
        #expect(limit == 256)
        let names = (0...limit).map { "d\($0).test" }
        var machine = Self.open(names)
        for name in names.dropLast() {
            let directives = machine.received(Self.request(from: name))
            let pair = DomainPair(local: "a.test", remote: name)
            #expect(directives.last == .authenticated(pair))
        }
        guard
            case .stream(.send(let refusal)) = machine.received(Self.request(from: "d\(limit).test")).first
        else {
            Issue.record("one too many was taken")
            return
        }
        #expect(refusal[attribute: "type"] == "error")
        #expect(machine.proven.count == limit)
        // Those that were proved go on speaking.
        let message = machine.received(Self.message(from: "u@d0.test", to: "v@a.test"))
        guard case .deliver = message.first else {
            Issue.record("what a proved domain says does not pass")
            return
        }
    }

    @Test("Five keys that are bad, or that nobody answers for, end the stream")
    func failures() {
        var vain = Self.open()
        for number in 1...5 {
            let pair = DomainPair(local: "a.test", remote: "d\(number).test")
            _ = vain.received(Self.request(from: pair.remote))
            let directives = vain.verified(pair, .error(StanzaError(.remoteServerTimeout)))
            #expect(Self.condition(directives) == (number == 5 ? .policyViolation : nil))
        }
        var machine = Self.open()
        for number in 1...5 {
            let pair = DomainPair(local: "a.test", remote: "d\(number).test")
            _ = machine.received(Self.request(from: pair.remote))
            let directives = machine.verified(pair, .invalid)
            #expect(Self.condition(directives) == (number == 5 ? .policyViolation : nil))
        }
    }

    @Test(
        "A stanza passes only between a proven and a served domain",
        arguments: [
            ("u@b.test/r", "v@a.test", nil), ("u@c.test", "a.test", StreamError.Condition.invalidFrom),
            ("b.test", "x.test", .hostUnknown), ("b.test", "", .improperAddressing),
        ] as [(String, String, StreamError.Condition?)])
    func stanzas(from: String, to: String, expected: StreamError.Condition?) {
        var machine = Self.open(["b.test"])
        _ = machine.received(Self.request())
        var element = Self.message(from: from, to: to)
        if to.isEmpty { element[attribute: "to"] = nil }
        let directives = machine.received(element)
        #expect(Self.condition(directives) == expected)
        if expected == nil {
            guard case .deliver = directives.first else {
                Issue.record("not delivered")
                return
            }
        }
        // What cannot be a stanza may not be in another's name either, and otherwise ends no stream: it is answered, or
        // passed over if it is for nobody who is served here.
        var again = Self.open(["b.test"])
        _ = again.received(Self.request())
        var malformed = Element(
            "iq", namespace: Namespace.server, ["type": "get", "id": "1", "from": from, "to": to])
        if to.isEmpty { malformed[attribute: "to"] = nil }
        let answer = again.received(malformed)
        switch (answer.first, expected) {
        case (.malformed(.some), nil): break
        case (.malformed(nil), .hostUnknown), (.malformed(nil), .improperAddressing): break
        case (_, .invalidFrom): #expect(Self.condition(answer) == expected)
        case (let other, _): Issue.record("\(String(describing: other))")
        }
    }

    @Test(
        "An address that others take and we do not ends no stream",
        arguments: ["a@@a.test", "\u{2603}@a.test"])
    func unpreparedAddress(to: String) {
        var machine = Self.open(["b.test"])
        _ = machine.received(Self.request())
        let directives = machine.received(Self.message(from: "u@b.test/r", to: to))
        guard case .malformed(nil) = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(Self.condition(machine.received(Self.message(from: "u@b.test/r", to: "v@a.test"))) == nil)
    }

    @Test("The time to authenticate ends the stream unless it is proven")
    func timeout() {
        var slow = Self.open()
        #expect(Self.condition(slow.timedOut()) == .connectionTimeout)
        #expect(slow.timedOut() == [])
        var quick = Self.open(["b.test"])
        _ = quick.received(Self.request())
        #expect(quick.timedOut() == [])
    }
}
