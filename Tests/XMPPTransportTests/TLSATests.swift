import Cryptography
import Foundation
import NIOCore
import Testing
import XMPP

@testable import XMPPTransport

@Suite("Certificates that DNS announces")
struct TLSATests {
    private static func bytes(_ files: CertificateFiles) throws -> CertificateBytes {
        try CertificateBytes(pem: String(contentsOfFile: files.chain, encoding: .utf8))
    }

    private static func bytes(_ authority: TestAuthority) throws -> CertificateBytes {
        let path = authority.folder.appending(path: "ca.crt")
        return try CertificateBytes(pem: String(contentsOf: path, encoding: .utf8))
    }

    private static func record(
        _ usage: TLSARecord.Usage, _ selector: TLSARecord.Selector, _ matching: TLSARecord.Matching,
        _ certificate: CertificateBytes
    ) -> TLSARecord {
        let selected = selector == .key ? certificate.key : certificate.certificate
        let data =
            switch matching {
            case .exact: selected
            case .sha256: HashFunction.sha256.digest(of: selected)
            case .sha512: HashFunction.sha512.digest(of: selected)
            }
        return TLSARecord(usage: usage, selector: selector, matching: matching, data: data)
    }

    @Test(
        "RFC 6698 §2.1: a record matches its certificate and no other, by every selector and matching",
        arguments: [TLSARecord.Selector.wholeCertificate, .key],
        [TLSARecord.Matching.exact, .sha256, .sha512])
    func matching(selector: TLSARecord.Selector, matching: TLSARecord.Matching) throws {
        let authority = try TestAuthority()
        let (one, other) = (
            try Self.bytes(authority.issue("b.test")), try Self.bytes(authority.issue("b.test"))
        )
        let record = Self.record(.certificate, selector, matching, one)
        #expect(record.matches(one))
        #expect(!record.matches(other))
    }

    @Test(
        "RFC 6698 §2.1: what nobody has defined, what relies on authorities too and what is cut short is no use"
    )
    func wire() {
        let digest = [UInt8](repeating: 9, count: 32)
        #expect(
            TLSARecord(wire: [3, 1, 1] + digest)
                == TLSARecord(usage: .certificate, selector: .key, matching: .sha256, data: digest))
        #expect(TLSARecord(wire: [2, 0, 0, 1])?.usage == .authority)
        for prefix in [[0, 1, 1], [1, 1, 1], [4, 1, 1], [3, 2, 1], [3, 1, 3], [3, 1, 2]] as [[UInt8]] {
            #expect(TLSARecord(wire: prefix + digest) == nil)
        }
        #expect(TLSARecord(wire: [3, 1, 1] + digest.dropLast()) == nil)
        #expect(TLSARecord(wire: [3, 1, 0]) == nil)
        #expect(TLSAExpectation([], names: ["b.test"]) == nil)
    }

    /// What the connecting end makes of the certificate shown by the other.
    private static func judge(
        _ files: CertificateFiles, _ authority: TestAuthority, _ records: [TLSARecord],
        names: [String] = ["x.b.test", "b.test"]
    ) throws -> TLSFacts.Peer.Announced? {
        let store = try CertificateStore(certificates: ["b.test": files], trust: authority.trust)
        let server = try TLSSession(
            store: store, role: .server(.serverStreams, domain: "b.test", alpn: false))
        let client = try TLSSession(
            store: store, role: .client(.serverStreams, identity: nil, serverName: "b.test", alpn: false))
        client.expectation = TLSAExpectation(records, names: names)
        for _ in 0..<10 {
            let isDone = try client.handshake() == .finished
            if let bytes = client.takeCiphertext() { server.receive(bytes) }
            _ = try server.handshake()
            if let bytes = server.takeCiphertext() { client.receive(bytes) }
            if isDone { return client.facts().peer?.announced }
        }
        throw TLSError("the handshake did not end")
    }

    @Test("RFC 7671 §5.1: DANE-EE asks for that certificate and for nothing else, neither names nor dates")
    func certificateItself() throws {
        let authority = try TestAuthority()
        let shown = try authority.issue("b.test", names: "DNS:elsewhere.test", flaw: .expired)
        let own = try Self.bytes(shown)
        #expect(
            try Self.judge(shown, authority, [Self.record(.certificate, .key, .sha256, own)]) == .matched)
        let other = try Self.bytes(authority.issue("b.test"))
        #expect(
            try Self.judge(shown, authority, [Self.record(.certificate, .key, .sha256, other)])
                == .mismatched)
        #expect(try Self.judge(shown, authority, []) == nil)
    }

    @Test("RFC 7671 §5.2: DANE-TA asks for a chain that leads to the authority, and for the right names")
    func authorityOfIt() throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let root = Self.record(.authority, .wholeCertificate, .sha256, try Self.bytes(authority))
        func shown(_ names: String, flaw: TestAuthority.Flaw = .none) throws -> CertificateFiles {
            try authority.chained(authority.issue("b.test", names: names, flaw: flaw))
        }
        #expect(try Self.judge(shown("DNS:b.test"), stranger, [root]) == .matched)
        #expect(try Self.judge(shown("DNS:x.b.test"), stranger, [root]) == .matched)
        #expect(try Self.judge(shown("DNS:c.test"), stranger, [root]) == .mismatched)
        #expect(try Self.judge(shown("DNS:b.test", flaw: .expired), stranger, [root]) == .mismatched)
        // The authority's certificate is shown, and did not sign.
        #expect(try Self.judge(shown("DNS:b.test", flaw: .selfSigned), stranger, [root]) == .mismatched)
        // The authority's certificate is not shown.
        #expect(try Self.judge(authority.issue("b.test"), stranger, [root]) == .mismatched)
        let other = Self.record(.authority, .wholeCertificate, .sha256, try Self.bytes(stranger))
        #expect(try Self.judge(shown("DNS:b.test"), stranger, [other]) == .mismatched)
        #expect(try Self.judge(shown("DNS:b.test"), stranger, [other, root]) == .matched)
    }
}

extension TestAuthority {
    /// The same certificate, shown together with the authority's.
    fileprivate func chained(_ files: CertificateFiles) throws -> CertificateFiles {
        let own = try String(contentsOfFile: files.chain, encoding: .utf8)
        let root = try String(contentsOf: self.folder.appending(path: "ca.crt"), encoding: .utf8)
        let path = files.chain + ".chain"
        try (own + root).write(toFile: path, atomically: true, encoding: .utf8)
        return CertificateFiles(chain: path, key: files.key)
    }
}
