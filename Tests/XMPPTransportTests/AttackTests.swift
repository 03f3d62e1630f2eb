import Cryptography
import Foundation
import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// Attacks on streams that other servers fell to, each with its end; those on negotiation alone are in `XMPPTests`.
@Suite("Attacks on streams")
struct AttackTests {
    /// What `openssl s_client` makes of a port: whether it got TLS up, and what it said.
    private static func shakeHands(
        _ port: Int, _ arguments: [String], saying input: String = ""
    ) throws -> (isUp: Bool, said: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = ["s_client", "-connect", "127.0.0.1:\(port)"] + arguments
        let stdin = Pipe()
        process.standardInput = stdin
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus == 0, String(decoding: text, as: UTF8.self))
    }

    @Test(
        "RFC 7590 §3, RFC 9325 §3.1, §4.2: Attack: old TLS and weak ciphers. Only AEAD with forward secrecy is spoken"
    )
    func weakCiphers() async throws {
        let authority = try TestAuthority()
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            for port in [site.ports.clientsDirect, site.ports.serversDirect] {
                for good in [
                    ["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
                ] {
                    let isUp = try Self.shakeHands(port, good).isUp
                    #expect(isUp, "\(good)")
                }
                for bad in [
                    ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"],
                    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM"],
                    ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
                    ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"],
                ] {
                    let isUp = try Self.shakeHands(port, bad).isUp
                    #expect(!isUp, "\(bad)")
                }
            }
        }
    }

    @Test("Attack: TLS compression (CRIME) and renegotiation (CVE-2021-32920). Neither is done")
    func renegotiation() async throws {
        #expect(try TLSContext().refusesRenegotiation)
        let authority = try TestAuthority()
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            let said = try Self.shakeHands(site.ports.clientsDirect, ["-tls1_2"]).said
            #expect(said.contains("Compression: NONE"))
            // `R` on a line of its own makes the client ask for new keys.
            let (isUp, again) = try Self.shakeHands(site.ports.clientsDirect, ["-tls1_2"], saying: "R\n")
            #expect(!isUp)
            #expect(again.contains("RENEGOTIATING"))
            #expect(again.contains("no renegotiation"))
        }
    }

    @Test("Attack: a handshake and nothing more, many times. One over the limit is turned away at once")
    func handshakeFlood() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        var limits = TransportLimits.patient
        limits.handshakes = 2
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust, limits: limits) {
            site in
            var idlers: [RawPeer] = []
            for _ in 0..<2 {
                let peer = try await RawPeer(
                    port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
                try peer.open(to: "a.test")
                _ = try await peer.nextFeatures()
                peer.send(Element("starttls", namespace: Namespace.tls))
                _ = try await peer.nextElement()
                idlers.append(peer)
            }
            let third = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            try third.open(to: "a.test")
            _ = try await third.nextFeatures()
            third.send(Element("starttls", namespace: Namespace.tls))
            _ = try await third.nextElement()
            guard case .ended = try await third.events.next() else {
                Issue.record("a third handshake was begun")
                return
            }
            // As soon as one is finished, the next may begin.
            idlers[0].perform(.startTLS)
            _ = try await idlers[0].nextTLS()
            try idlers[0].open(to: "a.test")
            _ = try await idlers[0].nextFeatures()
            let fourth = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            #expect(try await fourth.startTLS(to: "a.test").0.version == "TLSv1.3")
            idlers[1].close()
        }
    }

    @Test("Attack: trying out passwords over many streams. After the limit the address is not listened to")
    func passwordsOverStreams() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        var limits = TransportLimits.patient
        limits.failuresPerAddress = 3
        limits.failureDelay = .milliseconds(1)
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust, limits: limits) {
            site in
            for number in 0..<4 {
                let peer = try await RawPeer(
                    port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
                let (facts, features) = try await peer.startTLS(to: "a.test")
                let isLast = number == 3
                // The right password does not help any more.
                let password = isLast ? TestSite.password : "wrong"
                let failure = await #expect(throws: SASLFailure.self) {
                    peer.send(
                        SASLElement.auth(
                            mechanism: "SCRAM-SHA-256",
                            initialResponse: Array("n,,n=alice,r=abcdefghijklmnop".utf8)
                        )
                        .element)
                    switch try SASLElement(parsing: try await peer.nextElement()) {
                    case .failure(let failure): throw failure
                    case .challenge where !isLast:
                        peer.send(SASLElement.abort.element)
                        guard
                            case .failure(let failure) = try SASLElement(
                                parsing: try await peer.nextElement())
                        else { return }
                        throw failure
                    default: Issue.record("listened to \(password), \(facts.version), \(features.mechanisms)")
                    }
                }
                #expect(failure?.condition == (isLast ? .temporaryAuthFailure : .aborted))
                if isLast { #expect(try await peer.nextError().condition == .policyViolation) }
                peer.close()
            }
        }
    }

    @Test("Attack: finding out who has an account. Wrong name and wrong password get the same answers")
    func enumeration() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            var answers: [[String]] = []
            for name in ["alice", "nobody"] {
                let peer = try await RawPeer(
                    port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
                _ = try await peer.startTLS(to: "a.test")
                var said: [String] = []
                var salts: Set<Substring> = []
                for _ in 0..<2 {
                    peer.send(
                        SASLElement.auth(
                            mechanism: "SCRAM-SHA-256",
                            initialResponse: Array("n,,n=\(name),r=abcdefghijklmnop".utf8)
                        ).element)
                    guard case .challenge(let bytes) = try SASLElement(parsing: try await peer.nextElement())
                    else {
                        Issue.record("no challenge for \(name)")
                        return
                    }
                    let fields = String(decoding: bytes, as: UTF8.self).split(separator: ",")
                    salts.insert(fields[1])
                    said.append(fields.map { String($0.prefix(2)) }.joined())
                    let proof = "c=biws,\(fields[0]),p=\(Base64.encode([UInt8](repeating: 0, count: 32)))"
                    peer.send(SASLElement.response(Array(proof.utf8)).element)
                    said.append("\(try await peer.nextElement())")
                }
                #expect(salts.count == 1, "the salt of \(name) changes from one attempt to the next")
                answers.append(said)
                peer.close()
            }
            #expect(answers[0] == answers[1])
        }
    }

    @Test("Attack: half a stanza, never finished (slowloris). The time to authenticate ends it")
    func halfStanza() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        var limits = TransportLimits.patient
        limits.authenticationTime = .milliseconds(50)
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust, limits: limits) {
            site in
            for port in [site.ports.clients, site.ports.servers] {
                let peer = try await RawPeer(
                    port: port, side: port == site.ports.clients ? .clientStreams : .serverStreams,
                    serverName: "a.test", certificates: store)
                try peer.open(to: "a.test", from: "b.test")
                peer.send(bytes: "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'")
                #expect(try await peer.nextError().condition == .connectionTimeout)
            }
        }
    }

    // MARK: Certificates

    @Test("A renewed certificate is shown to whoever connects next, and a broken file changes nothing")
    func renewal() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let files = try authority.issue("a.test")
        let serving = try CertificateStore(certificates: ["a.test": files], trust: authority.trust)
        #expect(try serving.reload() == [])
        let renewed = try authority.issue("a.test", names: "DNS:a.test,DNS:renewed.test")
        try Data(contentsOf: URL(filePath: renewed.chain)).write(to: URL(filePath: files.chain))
        let key = try Data(contentsOf: URL(filePath: renewed.key))
        try Data("nonsense".utf8).write(to: URL(filePath: files.key))
        #expect(throws: TLSError.self) { try serving.reload() }
        #expect(try Self.names(serving, store) == ["a.test"])
        try key.write(to: URL(filePath: files.key))
        #expect(try serving.reload() == ["a.test"])
        #expect(try Self.names(serving, store) == ["a.test", "renewed.test"])
        #expect(try serving.reload() == [])
    }

    @Test("A chain that lacked its authority and has it now is shown, though the certificate is the same")
    func mendedChain() throws {
        let authority = try TestAuthority()
        let files = try authority.issue("a.test")
        let serving = try CertificateStore(certificates: ["a.test": files], trust: authority.trust)
        let place = URL(filePath: files.chain)
        let leaf = try Data(contentsOf: place)
        let whole = leaf + (try Data(contentsOf: authority.folder.appending(path: "ca.crt")))
        try whole.write(to: place)
        #expect(try serving.reload() == ["a.test"])
        #expect(try serving.reload() == [])
        try leaf.write(to: place)
        #expect(try serving.reload() == ["a.test"])
    }

    @Test(
        "Each minute the certificates are read again; the next handshake shows the renewed one, without a restart"
    )
    func renewalByTheMinute() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let files = try authority.issue("a.test")
        let serving = try CertificateStore(certificates: ["a.test": files], trust: authority.trust)
        let clock = SteppingClock()
        let renewal = CertificateRenewal(serving, clock: clock, logger: TestSite.quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await renewal.run() }
            #expect(try await clock.sleeps.next() == .seconds(60))
            let renewed = try authority.issue("a.test", names: "DNS:a.test,DNS:renewed.test")
            for (new, old) in [(renewed.chain, files.chain), (renewed.key, files.key)] {
                try Data(contentsOf: URL(filePath: new)).write(to: URL(filePath: old))
            }
            #expect(try Self.names(serving, store) == ["a.test"])
            clock.wake()
            // It has looked when it sleeps again.
            #expect(try await clock.sleeps.next() == .seconds(60))
            #expect(try Self.names(serving, store) == ["a.test", "renewed.test"])
            group.cancelAll()
        }
    }

    /// The names in the certificate that a server shows.
    private static func names(_ serving: CertificateStore, _ connecting: CertificateStore) throws -> [String]
    {
        let server = try TLSSession(
            store: serving, role: .server(.clientStreams, domain: "a.test", alpn: false))
        let client = try TLSSession(
            store: connecting, role: .client(.clientStreams, identity: nil, serverName: "a.test", alpn: false)
        )
        return try TLSTests.connect(server, client).1.peer?.names.dns ?? []
    }
}
