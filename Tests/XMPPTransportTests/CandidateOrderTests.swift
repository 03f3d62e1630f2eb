import TestRandomness
import Testing

@testable import XMPPTransport

@Suite("Finding another server by DNS")
struct CandidateOrderTests {

    private func record(
        _ target: String, _ priority: UInt16, _ weight: UInt16 = 0, _ port: UInt16 = 5269
    ) -> SRVRecord {
        SRVRecord(priority: priority, weight: weight, port: port, target: target)
    }

    @Test(
        "RFC 2782: Priorities come in order, each record once, whatever the draw",
        arguments: 0 as UInt64..<200)
    func priorities(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let answer = CandidateOrder.order(
            startTLS: [self.record("c", 20), self.record("a", 10, 5), self.record("b", 10, 1)],
            directTLS: [self.record("d", 10, 3, 5270), self.record("e", 30)], using: &random)
        guard case .candidates(let candidates) = answer else {
            Issue.record("no candidates")
            return
        }
        #expect(candidates.map(\.priority) == [10, 10, 10, 20, 30])
        let routes = candidates.map(\.route)
        #expect(routes.map(\.host).suffix(2) == ["c", "e"])
        #expect(Set(routes.map(\.host)) == ["a", "b", "c", "d", "e"])
        #expect(routes.filter { $0.security == .directTLS }.map(\.host).sorted() == ["d", "e"])
    }

    @Test("RFC 2782: Weights decide how often a record comes first")
    func weights() {
        var random = SeededGenerator(seed: 42)
        var first = ["a": 0, "b": 0]
        for _ in 0..<4_000 {
            let answer = CandidateOrder.order(
                startTLS: [self.record("a", 1, 30), self.record("b", 1, 10)], directTLS: [], using: &random)
            if case .candidates(let candidates) = answer, let host = candidates.first?.route.host {
                first[host, default: 0] += 1
            }
        }
        // 3 : 1, with room for the draw.
        #expect((2_800...3_200).contains(first["a"] ?? 0))
    }

    @Test("No records mean the domain itself; only a lone dot means that nothing is offered")
    func noRoutes() {
        var random = SeededGenerator(seed: 1)
        #expect(CandidateOrder.order(startTLS: [], directTLS: [], using: &random) == .fallBack)
        #expect(
            CandidateOrder.order(startTLS: [self.record("", 0)], directTLS: [], using: &random) == .notOffered
        )
        #expect(
            CandidateOrder.order(
                startTLS: [self.record("a", 0)], directTLS: [self.record("", 0)], using: &random)
                == .candidates([Candidate(Route(host: "a", port: 5269))]))
    }

    @Test("A record in wire form is read, and a broken one refused")
    func wire() {
        let bytes: [UInt8] = [0, 1, 0, 2, 0x14, 0x95, 1, 0x78, 4, 0x74, 0x65, 0x73, 0x74, 0]
        #expect(SRVRecord(wire: bytes) == self.record("x.test", 1, 2, 5269))
        #expect(SRVRecord(wire: [0, 0, 0, 0, 0, 0, 0]) == self.record("", 0, 0, 0))
        for length in 0..<bytes.count { #expect(SRVRecord(wire: Array(bytes.prefix(length))) == nil) }
        #expect(SRVRecord(wire: bytes + [0]) == nil)
    }

    @Test(
        "A static route is read from text",
        arguments: [
            ("127.0.0.1:5269", Route(host: "127.0.0.1", port: 5269)),
            ("[::1]:5270,tls", Route(host: "::1", port: 5270, security: .directTLS)),
            ("x.test", nil), ("x.test:0", nil), ("x.test:99999", nil), (":5269", nil), ("x.test:1,ssl", nil),
        ] as [(String, Route?)])
    func routes(text: String, expected: Route?) {
        #expect(Route(text) == expected)
    }
}
