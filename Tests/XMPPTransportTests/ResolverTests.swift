import NIOCore
import NIOPosix
import Testing
import XMPP

@testable import XMPPTransport

@Suite("What DNS says of other servers")
struct ResolverTests {
    /// A name server that knows a few names, some of them proved, some proved false.
    struct Zone: Sendable {
        var secure: Set<String> = []
        var bogus: Set<String> = []
        var records: [String: [[UInt8]]] = [:]

        mutating func add(_ type: NameQueries.RecordType, _ name: String, _ data: [UInt8]...) {
            self.records["\(name) \(type)"] = data
        }

        func ask(
            _ name: String, _ type: NameQueries.RecordType
        ) throws(NameQueries.Failure) -> NameQueries.Answer {
            let key = "\(name) \(type)"
            if self.bogus.contains(key) {
                throw NameQueries.Failure(description: "\(key) is bogus", isBogus: true)
            }
            return NameQueries.Answer(
                records: self.records[key] ?? [],
                isSecure: self.secure.contains { name == $0 || name.hasSuffix(".\($0)") })
        }

        func survey(_ domain: String, nameServers: [NameServer] = []) async -> NameFacts {
            let zone = self
            let resolver = Resolver(
                nameServers: nameServers,
                asking: { () throws(NameQueries.Failure) in
                    { name, type throws(NameQueries.Failure) in try zone.ask(name, type) }
                })
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let facts = await resolver.survey(domain, within: .minutes(5), on: loop)
            await resolver.shutDown()
            return facts
        }

        func candidates(_ domain: String) async throws -> [Candidate] {
            let zone = self
            let resolver = Resolver(asking: { () throws(NameQueries.Failure) in
                { name, type throws(NameQueries.Failure) in try zone.ask(name, type) }
            })
            do {
                let found = try await resolver.candidates(for: domain)
                await resolver.shutDown()
                return found
            } catch {
                await resolver.shutDown()
                throw error
            }
        }
    }

    private static func srv(
        _ priority: UInt8, _ weight: UInt8, _ port: UInt16, _ target: String
    ) -> [UInt8] {
        var wire: [UInt8] = [0, priority, 0, weight, UInt8(port >> 8), UInt8(port & 255)]
        for label in target.split(separator: ".") { wire += [UInt8(label.utf8.count)] + Array(label.utf8) }
        return wire + [0]
    }

    private static func six(_ last: UInt8) -> [UInt8] {
        [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [last]
    }

    /// DANE-EE by the key's SHA-256.
    private static let tlsa: [UInt8] = [3, 1, 1] + [UInt8](repeating: 7, count: 32)

    private static let record = TLSARecord(
        usage: .certificate, selector: .key, matching: .sha256, data: [UInt8](repeating: 7, count: 32))

    /// `b.test`, served by one host with three addresses.
    private static func zone() -> Zone {
        var zone = Zone()
        zone.add(.srv, "_xmpp-server._tcp.b.test", Self.srv(1, 0, 5_269, "x.b.test"))
        zone.add(.aaaa, "x.b.test", Self.six(1), Self.six(2))
        zone.add(.a, "x.b.test", [192, 0, 2, 1])
        zone.add(.tlsa, "_5269._tcp.x.b.test", Self.tlsa)
        return zone
    }

    @Test("RFC 8305 §4: the addresses of a host are tried in turn, IPv6 first")
    func addressesInTurn() async throws {
        let candidates = try await Self.zone().candidates("b.test")
        #expect(candidates.map(\.route.host) == ["2001:db8::1", "192.0.2.1", "2001:db8::2"])
        #expect(candidates.allSatisfy { $0.expectation == nil })
    }

    @Test(
        "RFC 2782: hosts come by their priority, direct TLS and STARTTLS mixed; one without an answer hinders none"
    )
    func priorities() async throws {
        var zone = Self.zone()
        zone.add(
            .srv, "_xmpp-server._tcp.b.test", Self.srv(5, 0, 5_269, "x.b.test"),
            Self.srv(1, 0, 5_269, "gone.b.test"))
        zone.add(.srv, "_xmpps-server._tcp.b.test", Self.srv(3, 0, 443, "y.b.test"))
        zone.add(.a, "y.b.test", [192, 0, 2, 9])
        zone.bogus = ["gone.b.test aaaa"]
        let candidates = try await zone.candidates("b.test")
        #expect(candidates.map(\.priority) == [3, 5, 5, 5])
        #expect(candidates.first?.route == Route(host: "192.0.2.9", port: 443, security: .directTLS))
    }

    @Test("RFC 6120 §3.2.2: without SRV records the domain itself is tried at 5269, and a lone dot is no")
    func fallBack() async throws {
        var zone = Zone()
        zone.add(.aaaa, "b.test", Self.six(3))
        #expect(
            try await zone.candidates("b.test") == [Candidate(Route(host: "2001:db8::3", port: 5_269))])
        zone.add(.srv, "_xmpp-server._tcp.b.test", Self.srv(0, 0, 0, ""))
        await #expect(throws: RemoteStreamError.self) { try await zone.candidates("b.test") }
        await #expect(throws: RemoteStreamError.self) { try await zone.candidates("c.test") }
    }

    @Test("RFC 7673 §3: the doctor sees what DNS proves about the certificate, and what it proves false")
    func surveyed() async throws {
        var zone = Self.zone()
        #expect(await zone.survey("b.test").servers.map(\.expectation) == [nil])
        zone.secure = ["b.test"]
        let expected = TLSAExpectation([Self.record], names: ["x.b.test", "b.test"])
        #expect(await zone.survey("b.test").servers.map(\.expectation) == [expected])
        for lie in ["_xmpp-server._tcp.b.test srv", "x.b.test a", "_5269._tcp.x.b.test tlsa"] {
            zone.bogus = [lie]
            let facts = await zone.survey("b.test")
            #expect(facts.bogus == ["\(lie) is bogus"])
            #expect(facts.unanswered == [])
            #expect(facts.servers.allSatisfy { $0.expectation == nil })
        }
        zone.bogus = ["_5269._tcp.x.b.test tlsa"]
        #expect(await zone.survey("b.test").servers.map(\.addresses) == [[]], "not looked at")
    }

    @Test("An address inside a private network is looked at where the domain's name servers were chosen here")
    func chosenNameServers() async throws {
        var zone = Self.zone()
        zone.add(.a, "x.b.test", [10, 0, 0, 1])
        zone.add(.aaaa, "x.b.test")
        func survey(_ text: String) async throws -> NameFacts.Server {
            let server = try #require(NameServer(text))
            return try #require(await zone.survey("b.test", nameServers: [server]).servers.first)
        }
        #expect(try await survey("b.test=10.0.0.53").addresses == ["10.0.0.1"])
        for other in ["10.0.0.53", "c.test=10.0.0.53", "xx.b.test=10.0.0.53"] {
            #expect(try await survey(other).withheld == ["10.0.0.1"], "\(other)")
        }
    }

    @Test("Where the records of somebody elsewhere lead inside a private network, nothing is looked at there")
    func ledInside() async throws {
        var zone = Self.zone()
        zone.add(.a, "x.b.test", [10, 0, 0, 1])
        zone.add(.aaaa, "x.b.test")
        zone.add(.srv, "_xmpp-server._tcp.c.test", Self.srv(1, 0, 5_269, "x.b.test"))
        let inside = try #require(NameServer("b.test=10.0.0.53"))
        let led = try #require(await zone.survey("c.test", nameServers: [inside]).servers.first)
        #expect(led.addresses == [])
        #expect(led.withheld == ["10.0.0.1"])
        // Where the name servers of both were chosen, nobody else has led there.
        let both = [inside, try #require(NameServer("c.test=10.0.0.53"))]
        let chosen = try #require(await zone.survey("c.test", nameServers: both).servers.first)
        #expect(chosen.addresses == ["10.0.0.1"])
    }

    @Test(
        "Name servers are written as addresses, with a port and a domain if need be",
        arguments: [
            ("192.0.2.1", nil, "192.0.2.1@53"), ("192.0.2.1:5353", nil, "192.0.2.1@5353"),
            ("b.test=192.0.2.1:5353", "b.test", "192.0.2.1@5353"),
            ("b.test=2001:db8::1", "b.test", "2001:db8::1@53"),
            ("[2001:db8::1]:5353", nil, "2001:db8::1@5353"),
            ("bücher.test=192.0.2.1", "xn--bcher-kva.test", "192.0.2.1@53"),
        ] as [(String, String?, String)])
    func nameServers(text: String, domain: String?, place: String) throws {
        let server = try #require(NameServer(text))
        #expect(server.domain == domain)
        #expect(server.place == place)
    }

    @Test(
        "What is no name server is refused",
        arguments: [
            "", "ns.b.test", "=192.0.2.1", "b.test=", "192.0.2.1:0", "192.0.2.1:53,tls", "b.test=ns:53",
        ])
    func noNameServers(text: String) {
        #expect(NameServer(text) == nil)
    }

    @Test("RFC 7673 §3: TLSA records count where all that leads to them is secure")
    func announced() async throws {
        var zone = Self.zone()
        zone.secure = ["b.test"]
        let expected = TLSAExpectation([Self.record], names: ["x.b.test", "b.test"])
        let candidates = try await zone.candidates("b.test")
        #expect(candidates.count == 3)
        #expect(candidates.allSatisfy { $0.expectation == expected })
    }

    @Test(
        "RFC 7673 §3: where something on the way is not secure, TLSA records do not count",
        arguments: [
            ["x.b.test", "_5269._tcp.x.b.test"], ["_xmpp-server._tcp.b.test", "_xmpps-server._tcp.b.test"],
            ["_xmpp-server._tcp.b.test", "x.b.test"], [],
        ])
    func insecure(secure: Set<String>) async throws {
        var zone = Self.zone()
        zone.secure = secure
        #expect(try await zone.candidates("b.test").allSatisfy { $0.expectation == nil })
    }

    @Test(
        "RFC 7673 §3: a place about which DNS lies is not connected to",
        arguments: [
            "_xmpp-server._tcp.b.test srv", "x.b.test a", "x.b.test aaaa", "_5269._tcp.x.b.test tlsa",
        ])
    func bogus(key: String) async throws {
        var zone = Self.zone()
        zone.secure = ["b.test"]
        zone.bogus = [key]
        await #expect(throws: RemoteStreamError.self) { try await zone.candidates("b.test") }
    }

    @Test("Of a domain that names places without end sixteen are looked at")
    func places() async throws {
        let limit = UInt8(PlaceRounds.limit)
        for count in [limit, limit + 1] {
            var zone = Zone()
            zone.records["_xmpp-server._tcp.b.test \(NameQueries.RecordType.srv)"] = (1...count).map {
                Self.srv(0, 0, UInt16($0), "x\($0).test")
            }
            for number in 1...count {
                zone.add(.aaaa, "x\(number).test", Self.six(number))
            }
            #expect(try await zone.candidates("b.test").count == Int(limit))
        }
    }
}
