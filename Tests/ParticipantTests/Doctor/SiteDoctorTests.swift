import CloudModel
import Operations
import Synchronization
import TestSupport
import Testing
import XML
import XMPP
import XMPPTransport

@testable import Participant

@Suite("The doctor of a site")
struct SiteDoctorTests {
    private static let site = SiteID("paris.test")
    private static let noon = Instant(millisecondsSinceEpoch: 1_795_348_800_000)

    /// A peer whose clock is ahead, or that refuses all there is.
    private struct Peer: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
        var lead = Duration.zero
        var refusal: StanzaError?
        let asked = Recorder<IQ>()

        func send(_ stanza: Stanza) async throws {}

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            self.asked.record(iq)
            if let refusal { throw refusal }
            guard let question = iq.request else { throw StanzaError(.badRequest) }
            if EntityTime.matches(question) {
                let time = DateTime(
                    millisecondsSinceEpoch: SiteDoctorTests.noon.advanced(by: self.lead)
                        .millisecondsSinceEpoch)
                return iq.reply(.result(EntityTime(EntityTime.Reading(time: time)).element))
            }
            if SoftwareVersion.matches(question) {
                return iq.reply(.result(SoftwareVersion(name: "Other", version: "7").element))
            }
            guard Ping.matches(question) else { return iq.reply(.error(StanzaError(.serviceUnavailable))) }
            return iq.reply(.result(nil))
        }
    }

    private func doctor(_ link: (any XMPPLink)?, local: [Finding] = []) -> SiteDoctor {
        SiteDoctor(
            site: Self.site, link: link, prober: nil, federation: nil, ports: .init(), local: { local },
            now: { Self.noon })
    }

    private func check(_ link: any XMPPLink, _ peer: String = "tokyo.test") async -> [String: Finding] {
        let report = await self.doctor(link).check(SiteID(peer)) { _ in }
        return Dictionary(report.findings.map { ($0.subject, $0) }) { first, _ in first }
    }

    @Test("A peer that answers: round trip, clock and software; streams are somebody else's here")
    func well() async throws {
        let link = Peer()
        let seen = await self.check(link)
        #expect(seen["round trip"]?.verdict == .ok)
        #expect(seen["clock"]?.verdict == .ok)
        #expect(seen["software"]?.seen == "Other 7")
        #expect(seen["streams"]?.verdict == .skipped)
        #expect(
            try await link.asked.next().to == JID(preparedLocal: nil, domain: "tokyo.test", resource: nil))
    }

    @Test(
        "XEP-0202: a clock that is off is a fault",
        arguments: [(3, Finding.Verdict.ok), (61, .fault), (-61, .fault)])
    func clock(seconds: Int, verdict: Finding.Verdict) async {
        let seen = await self.check(Peer(lead: .seconds(seconds)))
        #expect(seen["clock"]?.verdict == verdict)
    }

    @Test("A peer out of reach: the error of the ping, once")
    func unreachable() async {
        let seen = await self.check(Peer(refusal: StanzaError(.remoteServerTimeout, text: "no route")))
        #expect(seen["round trip"]?.verdict == .fault)
        #expect(seen["round trip"]?.seen.contains("no route") == true)
        #expect(seen["clock"] == nil)
    }

    @Test("XEP-0199 §4.1: who does not know the ping is there all the same")
    func refusedPing() async {
        let seen = await self.check(Peer(refusal: StanzaError(.serviceUnavailable)))
        #expect(seen["round trip"]?.verdict == .ok)
        #expect(seen["clock"]?.verdict == .skipped)
    }

    @Test("A site that is a client's account is asked at its process")
    func account() async throws {
        let link = Peer()
        _ = await self.check(link, "rome@example.test")
        #expect(
            try await link.asked.next().to
                == JID(preparedLocal: "rome", domain: "example.test", resource: "tradewind"))
    }

    @Test("Without an agent there is nobody to ask through")
    func alone() async {
        let report = await self.doctor(nil).check(SiteID("tokyo.test")) { _ in }
        #expect(report.findings.last?.verdict == .skipped)
        #expect(report.findings.last?.cure?.contains("tradewind serve") == true)
    }

    @Test("The site itself: its own address or none; what only the process knows comes first")
    func itself() async {
        let local = [Finding("database", .ok, "can be written")]
        for peer in [nil, Self.site] {
            let report = await self.doctor(Peer(), local: local).check(peer) { _ in }
            #expect(report.subject == "paris.test itself")
            #expect(report.findings == local)
        }
    }

    @Test("As an operation: a grant on the whole site, an address, progress, and not too often")
    func operation() async throws {
        let book = GrantBook(grants: [
            Grant(subject: .address("alice@paris.test"), permissions: .noun("site"), scope: .site),
            Grant(subject: .address("bob@paris.test"), permissions: .all, scope: .own),
        ])
        var table = OperationTable(
            site: Self.site, grants: { () async throws(OperationError) -> GrantBook in book })
        table.registerCheck(self.doctor(Peer())) { Self.noon }
        func check(_ name: String, _ peer: String) async throws -> OperationResult {
            try await table.perform(
                Invocation(
                    operation: "site.check", arguments: ["peer": .string(peer)],
                    caller: .init(address: "\(name)@paris.test", domain: "paris.test")))
        }
        let told = Recorder<String>()
        let result = try await table.perform(
            Invocation(
                operation: "site.check", arguments: ["peer": "tokyo.test"],
                caller: .init(address: "alice@paris.test", domain: "paris.test"))
        ) { told.record($0.text) }
        #expect(result.value.value(at: "verdict") == "ok")
        #expect(try await told.next() == "asking tokyo.test how late it is there")
        let forbidden = await #expect(throws: OperationError.self) { try await check("bob", "tokyo.test") }
        #expect(forbidden?.code == .forbidden)
        let wrong = await #expect(throws: OperationError.self) { try await check("alice", "tokyo.test/x") }
        #expect(wrong?.code == .badRequest)
        for _ in 1..<CheckGate.perMinute { _ = try await check("alice", "tokyo.test") }
        let often = await #expect(throws: OperationError.self) { try await check("alice", "tokyo.test") }
        #expect(often?.code == .tooMany)
    }
}
