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

    /// What happens at an attempt with a wrong password, for what is kept of the name; without what is random.
    private static func steps(_ mechanism: SASLMechanism, kept: SCRAMCredentials) throws -> [String] {
        var random = SystemRandomNumberGenerator()
        var machine = Self.machine([.plain, .scramSHA1, .scramSHA256])
        _ = machine.established(TLSFacts(version: "TLSv1.3", cipher: ""))
        _ = machine.received(Self.header, streamID: "1")
        let first = mechanism == .plain ? "\u{0}alice\u{0}wrong horse" : "n,,n=alice,r=abcdefghijklmnop"
        var waiting = machine.received(
            SASLElement.auth(mechanism: mechanism.rawValue, initialResponse: Array(first.utf8)).element,
            using: &random)
        var steps: [String] = []
        while !waiting.isEmpty {
            let directive = waiting.removeFirst()
            switch directive {
            case .needCredentials(let account, let hash):
                steps.append("look up \(account) for \(hash)")
                waiting += machine.receive(kept)
            case .hash(let hashing):
                steps.append("hash \(hashing.iterations) times")
                waiting += machine.receive(hashing.perform())
            case .failed: steps.append("count")
            case .stream(.send(let element)):
                guard case .challenge(let bytes) = try SASLElement(parsing: element) else {
                    steps.append("say \(element)")
                    continue
                }
                let fields = String(decoding: bytes, as: UTF8.self).split(separator: ",")
                steps.append("ask " + fields.map { "\($0.prefix(2))\($0.count)" }.joined(separator: ","))
                steps.append(contentsOf: fields.filter { $0.hasPrefix("i=") }.map(String.init))
                let proof = [UInt8](repeating: 0, count: mechanism == .scramSHA1 ? 20 : 32)
                let answer = "c=biws,\(fields[0]),p=\(Base64.encode(proof))"
                waiting += machine.received(
                    SASLElement.response(Array(answer.utf8)).element, using: &random)
            case .stream, .ready, .deliver, .refused: steps.append("\(directive)")
            }
        }
        return steps
    }

    @Test(
        "RFC 6120 §13.11: A name that does not exist takes the same steps as a wrong password, the slow ones too",
        arguments: [SASLMechanism.plain, .scramSHA1, .scramSHA256])
    func sameSteps(mechanism: SASLMechanism) throws {
        let hash = mechanism.hash ?? .sha256
        let real = try SCRAMCredentials.derive(
            password: "right horse", salt: [UInt8](repeating: 7, count: SCRAMCredentials.saltLength),
            iterations: SCRAMCredentials.usualIterations, hash: hash)
        let steps = try Self.steps(mechanism, kept: real)
        #expect(try Self.steps(mechanism, kept: .fake(for: "alice", secret: [1], hash: hash)) == steps)
        #expect(steps.first?.hasPrefix("look up") == true)
        #expect(steps.contains("count"))
        #expect(steps.last?.contains("not-authorized") == true)
        // The server hashes for PLAIN; with SCRAM the client does.
        #expect(steps.contains("hash 10000 times") == (mechanism == .plain))
    }
}
