import Cryptography
import Testing

@testable import XMPP

/// The exchanges printed in RFC 5802 §5 and RFC 7677 §3, from both sides.
@Suite("SCRAM as printed in the RFCs")
struct SCRAMVectorTests {
    struct Vector: Sendable {
        let hash: HashFunction
        let clientNonce: String
        let serverNonce: String
        let salt: String
        let clientFirst: String
        let serverFirst: String
        let clientFinal: String
        let serverFinal: String
    }

    static let vectors = [
        Vector(
            hash: .sha1, clientNonce: "fyko+d2lbbFgONRv9qkxdawL", serverNonce: "3rfcNHYJY1ZVvWVs7j",
            salt: "QSXCR+Q6sek8bf92", clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
        Vector(
            hash: .sha256, clientNonce: "rOprNGfwEbeRWgbNEkqO", serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            salt: "W22ZaJ0SNY7soEsUEjb6gQ==", clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            serverFirst:
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            clientFinal:
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
    ]

    @Test("RFC 5802 §5, RFC 7677 §3: The server says what the RFC says", arguments: vectors)
    func server(vector: Vector) throws {
        let salt = try #require(Base64.decode(vector.salt))
        let credentials = try SCRAMCredentials.derive(
            password: "pencil", salt: salt, iterations: 4_096, hash: vector.hash)
        var server = SCRAMServer(
            hash: vector.hash, bindsChannel: false, bindings: [], offeredBinding: false,
            nonce: vector.serverNonce)
        let first = try server.receive(first: Array(vector.clientFirst.utf8))
        #expect(first.username == "user")
        #expect(String(decoding: try server.receive(credentials), as: UTF8.self) == vector.serverFirst)
        let final = try server.receive(final: Array(vector.clientFinal.utf8))
        #expect(String(decoding: final, as: UTF8.self) == vector.serverFinal)
        #expect(throws: SASLFailure(.malformedRequest)) {
            try server.receive(final: Array(vector.clientFinal.utf8))
        }
    }

    @Test("RFC 5802 §5, RFC 7677 §3: The client says what the RFC says", arguments: vectors)
    func client(vector: Vector) throws {
        var client = SCRAMClient(
            hash: vector.hash, username: "user", password: "pencil", authorization: nil,
            flag: .notSupported, nonce: vector.clientNonce)
        #expect(String(decoding: client.first, as: UTF8.self) == vector.clientFirst)
        let hashing = try client.receive(first: Array(vector.serverFirst.utf8))
        let final = try client.receive(hashing.perform())
        #expect(String(decoding: final, as: UTF8.self) == vector.clientFinal)
        try client.receive(final: Array(vector.serverFinal.utf8))
    }

    @Test(
        "RFC 5802 §5.1: A client does not work with a server's odd demands",
        arguments: [
            ("r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096", .serverNotProved),
            ("r=other3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", .serverNotProved),
            ("r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=4095", .iterationsOutOfRange(4_095)),
            ("r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=1000001", .iterationsOutOfRange(1_000_001)),
            ("r=fyko+d2lbbFgONRv9qkxdawLx,s=,i=4096", .malformedChallenge),
            ("m=x,r=fyko+d2lbbFgONRv9qkxdawLx,s=QSXCR+Q6sek8bf92,i=4096", .malformedChallenge),
            ("s=QSXCR+Q6sek8bf92,i=4096", .malformedChallenge), ("", .malformedChallenge),
            (String(repeating: "x", count: SCRAM.longestMessage + 1), .malformedChallenge),
        ] as [(String, SASLClient.Failure)])
    func oddServer(message: String, failure: SASLClient.Failure) {
        var client = SCRAMClient(
            hash: .sha1, username: "user", password: "pencil", authorization: nil, flag: .notSupported,
            nonce: "fyko+d2lbbFgONRv9qkxdawL")
        #expect(throws: failure) { try client.receive(first: Array(message.utf8)) }
    }

    @Test(
        "RFC 5802 §5.1: Names are escaped",
        arguments: [("a=b,c", "a=3Db=2Cc"), ("=2C", "=3D2C"), ("plain", "plain")])
    func names(name: String, escaped: String) {
        #expect(SCRAM.escaped(name) == escaped)
        #expect(SCRAM.unescaped(escaped[...]) == name)
        #expect(SCRAM.unescaped("=2") == nil)
        #expect(SCRAM.unescaped("a=3d") == nil)
    }
}
