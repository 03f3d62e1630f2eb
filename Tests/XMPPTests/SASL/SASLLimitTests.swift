import Cryptography
import Testing

@testable import XMPP

@Suite("Limits of SASL messages")
struct SASLLimitTests {
    private static func server(_ mechanism: SASLMechanism) -> SASLServer {
        SASLServer(
            SASLServer.Context(
                domain: "paris.test", offered: [mechanism], nonce: [UInt8](repeating: 1, count: 16)))
    }

    @Test("A SCRAM message may be as long as the limit and no longer")
    func scram() {
        let start = Array("n,,n=alice,r=".utf8)
        let longest = start + [UInt8](repeating: 97, count: SCRAM.longestMessage - start.count)
        var server = Self.server(.scramSHA256)
        #expect(
            server.begin(mechanism: "SCRAM-SHA-256", initialResponse: longest)
                == .needCredentials(username: "alice", hash: .sha256))
        var refusing = Self.server(.scramSHA256)
        #expect(
            refusing.begin(mechanism: "SCRAM-SHA-256", initialResponse: longest + [97])
                == .failure(SASLFailure(.malformedRequest)))
    }

    @Test("A PLAIN message may be as long as the limit and no longer")
    func plain() {
        let start: [UInt8] = [0] + Array("alice".utf8) + [0]
        let longest = start + [UInt8](repeating: 97, count: SCRAM.longestMessage - start.count)
        var server = Self.server(.plain)
        #expect(
            server.begin(mechanism: "PLAIN", initialResponse: longest)
                == .needCredentials(username: "alice", hash: .sha256))
        var refusing = Self.server(.plain)
        #expect(
            refusing.begin(mechanism: "PLAIN", initialResponse: longest + [97])
                == .failure(SASLFailure(.malformedRequest)))
    }

    @Test("A nonce that can be guessed is a programmer's error")
    func nonce() async {
        await #expect(processExitsWith: .failure) {
            _ = SASLServer.Context(domain: "paris.test", offered: [], nonce: [UInt8](repeating: 1, count: 15))
        }
    }

    @Test("The iteration counts at the edges of what a client accepts", arguments: [4_096, 1_000_000])
    func iterations(count: Int) throws {
        var client = SCRAMClient(
            hash: .sha1, username: "user", password: "pencil", authorization: nil, flag: .notSupported,
            nonce: "abc")
        let message = Array("r=abcd,s=QSXCR+Q6sek8bf92,i=\(count)".utf8)
        let hashing = try client.receive(first: message)
        #expect(try client.receive(hashing.perform()).starts(with: Array("c=biws,r=abcd,p=".utf8)))
    }
}
