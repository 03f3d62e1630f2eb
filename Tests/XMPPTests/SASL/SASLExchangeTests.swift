import Cryptography
import Testing

@testable import XMPP

/// Client and server machines talking to each other, and a stranger between them.
@Suite("SASL exchanges")
struct SASLExchangeTests {
    static let password = "correct horse"
    static let exporter = ChannelBinding(kind: .tlsExporter, bytes: [UInt8](repeating: 7, count: 32))
    static let endPoint = ChannelBinding(kind: .tlsServerEndPoint, bytes: [UInt8](repeating: 9, count: 32))
    static let nonce = [UInt8](repeating: 1, count: 18)

    static func credentials(_ hash: HashFunction) throws -> SCRAMCredentials {
        try SCRAMCredentials.derive(
            password: Self.password, salt: Array(1...16), iterations: 4_096, hash: hash)
    }

    static func server(
        _ offered: [SASLMechanism], bindings: [ChannelBinding] = [], proved: [JID] = []
    ) -> SASLServer {
        SASLServer(
            SASLServer.Context(
                domain: "paris.test", offered: offered, bindings: bindings, proved: proved, nonce: Self.nonce)
        )
    }

    static func client(
        _ offered: [SASLMechanism], password: String = password, bindings: [ChannelBinding] = [],
        serverBindings: [String]? = nil, allowsPlain: Bool = false
    ) throws -> SASLClient {
        try #require(
            SASLClient(
                offered: offered.map(\.rawValue), serverBindings: serverBindings,
                credentials: .password(
                    username: "Alice", password: password, allowsPlain: allowsPlain),
                bindings: bindings, nonce: [UInt8](repeating: 2, count: 18)))
    }

    /// Runs both machines to the end and says what the server and the client made of it.
    static func run(
        _ client: inout SASLClient, _ server: inout SASLServer, known: Bool = true
    ) throws -> (server: SASLServer.Directive, client: SASLClient.Directive?) {
        var said = server.begin(
            mechanism: client.mechanism.rawValue, initialResponse: client.initialResponse)
        for _ in 0..<6 {
            switch said {
            case .needCredentials(let username, let hash):
                #expect(username == "alice")
                let fake = SCRAMCredentials.fake(for: username, secret: [1, 2, 3], hash: hash)
                said = server.receive(known ? try Self.credentials(hash) : fake)
            case .hash(let hashing): said = server.receive(hashing.perform())
            case .challenge(let bytes):
                guard case .respond(let response) = client.answer(bytes) else {
                    return (said, .failed(.malformedChallenge))
                }
                said = server.receive(response: response)
            case .success(_, let bytes): return (said, client.receive(success: bytes))
            case .failure(let failure): return (said, client.receive(failure))
            }
        }
        Issue.record("the exchange does not end")
        return (said, nil)
    }

    static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: nil)

    @Test(
        "Each mechanism with a password lets the right one in and no other",
        arguments: [
            SASLMechanism.plain, .scramSHA1, .scramSHA256, .scramSHA1Plus, .scramSHA256Plus,
        ])
    func passwords(mechanism: SASLMechanism) throws {
        for (password, known) in [(Self.password, true), ("wrong", true), (Self.password, false)] {
            var client = try Self.client(
                [mechanism], password: password, bindings: [Self.exporter], allowsPlain: true)
            #expect(client.mechanism == mechanism)
            var server = Self.server([mechanism], bindings: [Self.endPoint, Self.exporter])
            let end = try Self.run(&client, &server, known: known)
            if password == Self.password && known {
                guard case .success(Self.alice, _) = end.server else {
                    Issue.record("\(end)")
                    continue
                }
                #expect(end.client == .authenticated)
            } else {
                #expect(end.server == .failure(SASLFailure(.notAuthorized)))
                #expect(end.client == .failed(.refused(SASLFailure(.notAuthorized))))
            }
        }
    }

    @Test("RFC 5802 §6, RFC 9266, RFC 5929: A channel that is not the same on both sides is found out")
    func wrongBinding() throws {
        let foreign = ChannelBinding(kind: .tlsExporter, bytes: [UInt8](repeating: 8, count: 32))
        var client = try Self.client([.scramSHA256Plus], bindings: [foreign])
        var server = Self.server([.scramSHA256Plus], bindings: [Self.exporter])
        #expect(try Self.run(&client, &server).server == .failure(SASLFailure(.notAuthorized)))
        var other = try Self.client([.scramSHA256Plus], bindings: [Self.endPoint])
        var exporterOnly = Self.server([.scramSHA256Plus], bindings: [Self.exporter])
        guard case .failure(let failure) = try Self.run(&other, &exporterOnly).server else {
            Issue.record("a binding that is not available was accepted")
            return
        }
        #expect(failure.condition == .notAuthorized)
    }

    @Test("RFC 5802 §6: An offer taken out on the way is found out")
    func downgrade() throws {
        var client = try Self.client([.scramSHA256], bindings: [Self.exporter])
        #expect(client.initialResponse.starts(with: Array("y,,".utf8)))
        var server = Self.server([.scramSHA256Plus, .scramSHA256], bindings: [Self.exporter])
        guard case .failure(let failure) = try Self.run(&client, &server).server else {
            Issue.record("the downgrade went through")
            return
        }
        #expect(failure.condition == .notAuthorized)
    }

    @Test("The best common mechanism is chosen")
    func choice() throws {
        let all = SASLMechanism.allCases
        #expect(try Self.client(all, bindings: [Self.exporter]).mechanism == .scramSHA256Plus)
        #expect(try Self.client(all).mechanism == .scramSHA256)
        #expect(try Self.client([.plain, .scramSHA1], allowsPlain: true).mechanism == .scramSHA1)
        let unsuited = try Self.client(
            all, bindings: [Self.exporter], serverBindings: ["tls-server-end-point"])
        #expect(unsuited.mechanism == .scramSHA256)
        #expect(
            unsuited.initialResponse.starts(with: Array("n,,".utf8)), "a 'y' would be taken for an attack")
        let plain = SASLClient(
            offered: ["PLAIN", "EXTERNAL"], serverBindings: nil,
            credentials: .password(username: "a", password: "b", allowsPlain: false), bindings: [],
            nonce: Self.nonce)
        #expect(plain == nil)
        let external = SASLClient(
            offered: SASLMechanism.allCases.map(\.rawValue), serverBindings: nil,
            credentials: .certificate(authorization: nil), bindings: [], nonce: Self.nonce)
        #expect(external?.mechanism == .external)
    }

    @Test(
        "A mechanism that was not offered is not taken",
        arguments: ["PLAIN", "SCRAM-SHA-1", "X-ODD", "plain"])
    func notOffered(name: String) {
        var server = Self.server([.scramSHA256])
        guard case .failure(let failure) = server.begin(mechanism: name, initialResponse: [0, 97, 0, 98])
        else {
            Issue.record("\(name) was taken")
            return
        }
        #expect(failure.condition == .invalidMechanism)
    }

    @Test(
        "RFC 6120 §6.3.8: Nobody acts for another",
        arguments: [
            ("", nil), ("alice@paris.test", nil), ("ALICE@paris.test", nil),
            ("bob@paris.test", .invalidAuthzid),
            ("alice@rome.test", .invalidAuthzid), ("alice", .invalidAuthzid),
            ("alice@paris.test/x", .invalidAuthzid),
            ("@", .invalidAuthzid),
        ] as [(String, SASLFailure.Condition?)])
    func authorization(text: String, condition: SASLFailure.Condition?) throws {
        var plain = Self.server([.plain])
        let message = Array(text.utf8) + [0] + Array("alice".utf8) + [0] + Array(Self.password.utf8)
        let authorization = text.isEmpty ? "" : "a=\(SCRAM.escaped(text))"
        var scram = Self.server([.scramSHA256])
        let said = [
            plain.begin(mechanism: "PLAIN", initialResponse: message),
            scram.begin(
                mechanism: "SCRAM-SHA-256", initialResponse: Array("n,\(authorization),n=alice,r=abc".utf8)),
        ]
        for directive in said {
            if let condition {
                #expect(directive == .failure(SASLFailure(condition)))
            } else {
                #expect(directive == .needCredentials(username: "alice", hash: .sha256))
            }
        }
    }

    @Test(
        "RFC 4616 §2: Malformed PLAIN is refused",
        arguments: ["", "alice", "\0alice", "\0\0x", "\0alice\0", "\0alice\0x\0", "\0a\0b\0c"])
    func malformedPlain(text: String) {
        var server = Self.server([.plain])
        #expect(
            server.begin(mechanism: "PLAIN", initialResponse: Array(text.utf8))
                == .failure(SASLFailure(.malformedRequest)))
        var binary = Self.server([.plain])
        #expect(
            binary.begin(mechanism: "PLAIN", initialResponse: [0, 0xFF, 0, 97])
                == .failure(SASLFailure(.malformedRequest)))
    }

    @Test(
        "Malformed first messages of SCRAM",
        arguments: [
            "", "n", "n,,", "n,,n=alice", "n,,r=abc,n=alice", "n,,n=,r=abc", "n,,n=alice,r=",
            "n,,m=x,n=alice,r=abc",
            "n,,n=alice,r=abc,m=x", "n,b=x,n=alice,r=abc", "x,,n=alice,r=abc",
            "p=tls-exporter,,n=alice,r=abc",
            "n,,n=al=ice,r=abc", "n,,n=alice,r=a\u{7F}c", "n,,n=alice,r=ä", "n,,nalice,r=abc",
        ])
    func malformedFirst(text: String) {
        var server = Self.server([.scramSHA256])
        #expect(
            server.begin(mechanism: "SCRAM-SHA-256", initialResponse: Array(text.utf8))
                == .failure(SASLFailure(.malformedRequest)))
    }

    @Test(
        "A proof is refused if a single bit of it or of what it covers is changed",
        arguments: 0 as UInt64..<60)
    func tampering(seed: UInt64) throws {
        var client = try Self.client([.scramSHA256Plus], bindings: [Self.exporter])
        var server = Self.server([.scramSHA256Plus], bindings: [Self.exporter])
        _ = server.begin(mechanism: "SCRAM-SHA-256-PLUS", initialResponse: client.initialResponse)
        guard case .challenge(let challenge) = server.receive(try Self.credentials(.sha256)),
            case .respond(var response) = client.answer(challenge)
        else {
            Issue.record("no challenge")
            return
        }
        let index = Int(seed &* 2_654_435_761 % UInt64(response.count))
        response[index] ^= 1 << (seed % 7)
        guard case .failure = server.receive(response: response) else {
            Issue.record("byte \(index) does not matter")
            return
        }
    }

    @Test("A finished exchange takes nothing more")
    func replay() throws {
        var client = try Self.client([.scramSHA256])
        var server = Self.server([.scramSHA256])
        _ = server.begin(mechanism: "SCRAM-SHA-256", initialResponse: client.initialResponse)
        guard case .challenge(let challenge) = server.receive(try Self.credentials(.sha256)),
            case .respond(let response) = client.answer(challenge)
        else {
            Issue.record("no challenge")
            return
        }
        var another = SASLServer(
            SASLServer.Context(
                domain: "paris.test", offered: [.scramSHA256], nonce: [UInt8](repeating: 3, count: 18)))
        _ = another.begin(mechanism: "SCRAM-SHA-256", initialResponse: client.initialResponse)
        _ = another.receive(try Self.credentials(.sha256))
        #expect(another.receive(response: response) == .failure(SASLFailure(.notAuthorized)))
        guard case .success = server.receive(response: response) else {
            Issue.record("the first use of the proof failed")
            return
        }
        #expect(server.receive(response: response) == .failure(SASLFailure(.malformedRequest)))
        #expect(
            server.begin(mechanism: "SCRAM-SHA-256", initialResponse: nil)
                == .failure(SASLFailure(.malformedRequest)))
    }

    @Test("Events out of order end the exchange")
    func disorder() throws {
        var server = Self.server([.scramSHA256, .plain])
        #expect(server.receive(response: []) == .failure(SASLFailure(.malformedRequest)))
        var early = Self.server([.scramSHA256])
        #expect(early.begin(mechanism: "SCRAM-SHA-256", initialResponse: nil) == .challenge([]))
        #expect(early.receive(try Self.credentials(.sha256)) == .failure(SASLFailure(.malformedRequest)))
        var impatient = Self.server([.scramSHA256])
        _ = impatient.begin(mechanism: "SCRAM-SHA-256", initialResponse: Array("n,,n=a,r=b".utf8))
        #expect(
            impatient.receive(response: Array("c=biws,r=b,p=".utf8))
                == .failure(SASLFailure(.malformedRequest)))
        var aborted = Self.server([.plain])
        #expect(aborted.abort() == .failure(SASLFailure(.aborted)))
    }

    @Test("A server that does not prove itself is not believed")
    func falseServer() throws {
        var client = try Self.client([.scramSHA256])
        #expect(client.receive(success: nil) == .failed(.serverNotProved))
        var second = try Self.client([.scramSHA256])
        var server = Self.server([.scramSHA256])
        _ = server.begin(mechanism: "SCRAM-SHA-256", initialResponse: second.initialResponse)
        guard case .challenge(let challenge) = server.receive(try Self.credentials(.sha256)) else {
            Issue.record("no challenge")
            return
        }
        _ = second.answer(challenge)
        #expect(second.receive(success: Array("v=AAAA".utf8)) == .failed(.serverNotProved))
        #expect(second.receive(success: Array("e=other-error".utf8)) != .authenticated)
    }

    @Test("A proof in a challenge of its own is as good")
    func proofInChallenge() throws {
        var client = try Self.client([.scramSHA1])
        var server = Self.server([.scramSHA1])
        _ = server.begin(mechanism: "SCRAM-SHA-1", initialResponse: client.initialResponse)
        guard case .challenge(let challenge) = server.receive(try Self.credentials(.sha1)),
            case .respond(let response) = client.answer(challenge),
            case .success(_, .some(let proof)) = server.receive(response: response)
        else {
            Issue.record("no proof")
            return
        }
        #expect(client.receive(challenge: proof) == .respond([]))
        #expect(client.receive(success: nil) == .authenticated)
    }

    @Test(
        "XEP-0178 §3: EXTERNAL is what the certificate proves",
        arguments: [
            ("", ["paris.test"], "paris.test"), ("rome.test", ["paris.test", "rome.test"], "rome.test"),
            ("rome.test", ["paris.test"], nil), ("", [], nil), ("a@@b", ["paris.test"], nil),
        ] as [(String, [String], String?)])
    func external(authorization: String, proved: [String], identity: String?) throws {
        var server = Self.server([.external], proved: try proved.map { try JID($0) })
        let said = server.begin(mechanism: "EXTERNAL", initialResponse: Array(authorization.utf8))
        if let identity {
            #expect(said == .success(identity: try JID(identity), bytes: nil))
        } else {
            guard case .failure = said else {
                Issue.record("\(said)")
                return
            }
        }
    }
}

extension SASLClient {
    /// What the client says to a challenge, the hashing included.
    mutating func answer(_ challenge: [UInt8]) -> Directive {
        let directive = self.receive(challenge: challenge)
        guard case .hash(let hashing) = directive else { return directive }
        return self.receive(hashing.perform())
    }
}
