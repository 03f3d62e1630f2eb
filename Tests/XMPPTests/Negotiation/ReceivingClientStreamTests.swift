import Cryptography
import Testing
import XML

@testable import XMPP

@Suite("Receiving a client's stream")
struct ReceivingClientStreamTests {
    private static let domain = JID(preparedLocal: nil, domain: "a.test", resource: nil)
    private static let header = StreamHeader(contentNamespace: Namespace.client, to: domain)
    private static let bound = TLSFacts(version: "TLSv1.3", cipher: "", exporterBinding: [1, 2, 3])

    private static func machine(
        _ mechanisms: [SASLMechanism] = [.plain, .scramSHA1, .scramSHA256, .scramSHA256Plus],
        cleartext: Bool = false
    ) -> ReceivingClientStream {
        ReceivingClientStream(
            .init(
                domains: ["a.test"], mechanisms: mechanisms, allowsCleartext: cleartext,
                authenticationFailures: 5,
                sessionFeatures: [.bind], limits: StreamLimits()))
    }

    private static func offered(_ directives: [ReceivingClientStream.Directive]) throws -> StreamFeatures {
        for case .stream(.send(let element)) in directives { return try StreamFeatures(parsing: element) }
        throw StreamError(.badFormat)
    }

    @Test("Mechanisms are offered as TLS allows, best first")
    func mechanisms() throws {
        var clear = Self.machine()
        #expect(try Self.offered(clear.received(Self.header, streamID: "1")).mechanisms == [])
        var lax = Self.machine(cleartext: true)
        #expect(
            try Self.offered(lax.received(Self.header, streamID: "1")).mechanisms == [
                "SCRAM-SHA-256", "SCRAM-SHA-1",
            ])
        var bound = Self.machine()
        _ = bound.established(Self.bound)
        let features = try Self.offered(bound.received(Self.header, streamID: "1"))
        #expect(features.mechanisms == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
        #expect(features.channelBindings == ["tls-exporter"])
        var unbound = Self.machine()
        _ = unbound.established(TLSFacts(version: "TLSv1.2", cipher: ""))
        #expect(
            try Self.offered(unbound.received(Self.header, streamID: "1")).mechanisms
                == ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
    }

    @Test("Attack: compression bombs (CVE-2014-2744). No compression is offered, and none is taken")
    func noCompression() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = machine.established(Self.bound)
        let directives = machine.received(Self.header, streamID: "1")
        for case .stream(.send(let element)) in directives {
            #expect(!element.elements.contains { $0.name == "compression" })
        }
        let compress = Element("compress", namespace: "http://jabber.org/protocol/compress")
        #expect(
            machine.received(compress, using: &random) == [.stream(.close(StreamError(.notAuthorized)))])
    }

    @Test("XEP-0440 §2, XEP-0478 §2: channel bindings and limits are announced")
    func announcements() throws {
        var machine = ReceivingClientStream(
            .init(
                domains: ["a.test"], mechanisms: [.scramSHA256Plus], allowsCleartext: false,
                authenticationFailures: 5, sessionFeatures: [.bind],
                limits: StreamLimits(longestStanza: 262_144, longestSilence: 330)))
        _ = machine.established(
            TLSFacts(
                version: "TLSv1.3", cipher: "", exporterBinding: [1], endPointBinding: [2], uniqueBinding: [3]
            ))
        let features = try Self.offered(machine.received(Self.header, streamID: "1"))
        #expect(features.channelBindings == ["tls-exporter", "tls-server-end-point"])
        #expect(features.limits == StreamLimits(longestStanza: 262_144, longestSilence: 330))
    }

    @Test("PLAIN is looked up, checked and leads to binding; the domain may not change")
    func plain() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = machine.established(Self.bound)
        _ = machine.received(Self.header, streamID: "1")
        let auth = SASLElement.auth(mechanism: "PLAIN", initialResponse: Array("\u{0}alice\u{0}secret".utf8))
        let account = JID(preparedLocal: "alice", domain: "a.test", resource: nil)
        #expect(
            machine.received(auth.element, using: &random) == [
                .needCredentials(account: account, hash: .sha256)
            ])
        let credentials = try SCRAMCredentials.derive(
            password: "secret", salt: [1, 2, 3, 4], iterations: 4_096, hash: .sha256)
        guard case .hash(let hashing) = machine.receive(credentials).last else {
            Issue.record("the password is not hashed")
            return
        }
        let success = machine.receive(hashing.perform())
        #expect(machine.isAuthenticated)
        #expect(success.last == .stream(.restart))
        var moved = machine
        var other = Self.header
        other.to = JID(preparedLocal: nil, domain: "b.test", resource: nil)
        #expect(
            !moved.received(other, streamID: "2").contains { if case .ready = $0 { true } else { false } })
        let ready = machine.received(Self.header, streamID: "2")
        #expect(ready.last == .ready(account: account, mechanism: "PLAIN"))
        let element = Element("presence", namespace: Namespace.client)
        #expect(machine.received(element, using: &random) == [.deliver(element)])
    }

    @Test("While an account is looked up, nothing but abort is taken, and a late answer is ignored")
    func lookup() throws {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = machine.established(Self.bound)
        _ = machine.received(Self.header, streamID: "1")
        let auth = SASLElement.auth(mechanism: "PLAIN", initialResponse: Array("\u{0}alice\u{0}secret".utf8))
        _ = machine.received(auth.element, using: &random)
        var impatient = machine
        guard case .stream(.close) = impatient.received(auth.element, using: &random).last else {
            Issue.record("a second attempt was taken")
            return
        }
        var unlucky = machine
        #expect(
            unlucky.credentialsAreUnavailable()
                == [.stream(.send(SASLElement.failure(SASLFailure(.temporaryAuthFailure)).element))])
        _ = machine.received(SASLElement.abort.element, using: &random)
        var hasty = machine
        // A look-up of the aborted exchange is still under way: its answer must not reach the next exchange.
        #expect(
            hasty.received(auth.element, using: &random)
                == [.stream(.close(StreamError(.policyViolation)))])
        #expect(machine.receive(SCRAMCredentials.fake(for: "alice", secret: [1], hash: .sha256)) == [])
        #expect(!machine.isAuthenticated)
    }

    @Test("A stanza before authentication ends the stream")
    func tooEarly() {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine()
        _ = machine.established(Self.bound)
        _ = machine.received(Self.header, streamID: "1")
        let directives = machine.received(Element("message", namespace: Namespace.client), using: &random)
        #expect(directives == [.stream(.close(StreamError(.notAuthorized)))])
    }
}
