import CloudModel
import Coordinator
import Gossip
import Logging
import Placement
import Storage
import TestSupport
import Testing
import XMPP
import XMPPTransport

@testable import Participant
@testable import tradewind

@Suite("What a coordinator plans from", .timeLimit(.minutes(2)))
struct AllianceViewTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
    private static let broker = SiteID("broker.test")
    private static let places = [
        "paris.test": Position(latitude: 48.9, longitude: 2.4),
        "osaka.test": Position(latitude: 34.7, longitude: 135.5),
    ]

    /// Nothing is sent while a plan is made.
    private struct NoLink: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "broker.test", resource: nil)

        func send(_ stanza: Stanza) async throws { throw StanzaError(.remoteServerTimeout) }
        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            throw StanzaError(.remoteServerTimeout)
        }
    }

    private static func known(
        _ name: String, standing: Standing = .member, role: MemberRole = .agent, isSilent: Bool = false,
        reachability: Reachability = .reachable, isCurrent: Bool = true, roundTrip: Duration? = nil,
        telling paths: [MeasuredPath] = []
    ) -> KnownSite {
        let room = Resources(vcpus: 8, memory: .gibibytes(16), disk: .gibibytes(100))
        let description = SiteDescription(
            site: SiteID(name), name: name, position: Self.places[name] ?? nil, country: nil, labels: [:],
            hypervisors: ["memory"], policy: .open,
            capacity: Capacity(
                total: room, free: room, largestFreeSlot: room, load: 0, machines: 0, hosts: 1),
            price: nil, roundTrips: paths, reported: Self.now)
        return KnownSite(
            id: SiteID(name), standing: standing, role: role, name: name, reachability: reachability,
            description: isSilent ? nil : description, received: Self.now, isCurrent: isCurrent,
            lastHeard: Self.now, roundTrip: roundTrip, leastRoundTrip: roundTrip, reason: nil, key: nil)
    }

    private func plan(
        _ known: [KnownSite], at position: Position? = nil, near place: Audience.Place = .country("JP")
    ) async throws -> Plan {
        let sites = LinkedSites(link: NoLink()) {
            AllianceView(known, at: Self.broker, position: position, own: nil, now: Self.now)
        }
        let coordinator = Coordinator(
            configuration: .init(address: Self.broker), store: PlacementStore(try Database()), sites: sites,
            now: { Self.now }, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let wanted = WorkloadSpecification(
            name: "web", replicas: 1,
            resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
            image: ImageReference(format: .raw, location: "/images/web"),
            audience: Audience(shares: [.init(place: place, weight: 1)]), constraints: [], spread: .pack)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await coordinator.run() }
            defer { group.cancelAll() }
            try await Turns.pass(until: "the store is read") { coordinator.isReady }
            return try await coordinator.plan(wanted, for: "alice@paris.test")
        }
    }

    private func latency(of site: String, in plan: Plan) throws -> LatencyPrediction {
        try #require(plan.verdicts.first { $0.site == SiteID(site) }?.latency)
    }

    @Test("What a coordinator near the users measured corrects the estimate; without its position it cannot")
    func landmark() async throws {
        let known = [Self.known("paris.test", roundTrip: .microseconds(300_500))]
        let tokyo = Position(latitude: 35.7, longitude: 139.7)
        let plan = try await self.plan(known, at: tokyo)
        let corrected = try self.latency(of: "paris.test", in: plan)
        #expect(corrected.basis == .corrected && corrected.parts.first?.reference == Self.broker)
        #expect(plan.lines.first?.contains("ms (corrected)") == true)
        let estimated = try self.latency(of: "paris.test", in: try await self.plan(known))
        #expect(estimated.basis == .estimated)
        let (before, after) = (try #require(estimated.milliseconds), try #require(corrected.milliseconds))
        #expect(after > before * 1.5)
    }

    @Test("What one site measured to another corrects the estimate, and counts as it is between those ends")
    func toldPaths() async throws {
        let path = MeasuredPath(to: SiteID("paris.test"), milliseconds: 230.5)
        let known = [Self.known("paris.test"), Self.known("osaka.test", telling: [path])]
        let plan = try await self.plan(known)
        let corrected = try self.latency(of: "paris.test", in: plan)
        #expect(corrected.basis == .corrected && corrected.parts.first?.reference == SiteID("osaka.test"))
        let near = try await self.plan(known, near: .site(SiteID("osaka.test")))
        let measured = try self.latency(of: "paris.test", in: near)
        #expect(measured.basis == .measured && measured.milliseconds == 230.5)
        #expect(near.lines.contains { $0.hasPrefix("paris.test: ") && $0.contains("ms (measured)") })
    }

    @Test("What this process measured itself counts before what others say")
    func ownMeasurement() {
        let path = MeasuredPath(to: Self.broker, milliseconds: 1)
        let view = AllianceView(
            [Self.known("paris.test", roundTrip: .milliseconds(20), telling: [path])], at: Self.broker,
            position: nil, own: nil, now: Self.now)
        #expect(view.roundTrips.between(Self.broker, SiteID("paris.test")) == 20)
    }

    @Test("Every member that owns capacity gets a verdict, whether it was heard or not")
    func verdicts() async throws {
        let plan = try await self.plan([
            Self.known("paris.test"),
            Self.known("osaka.test", reachability: .suspect),
            Self.known("old.test", isCurrent: false),
            Self.known("rome.test", isSilent: true),
            Self.known("other-broker.test", role: .coordinator, isSilent: true),
            Self.known("left.test", standing: .left, isSilent: true),
        ])
        #expect(
            plan.verdicts.map(\.site.address) == ["paris.test", "osaka.test", "old.test", "rome.test"])
        #expect(plan.site(ofReplica: 0) == SiteID("paris.test"), "a suspect site is the last choice")
        #expect(plan.lines.contains("rome.test: no, nothing heard of it yet"))
        #expect(plan.lines.contains("old.test: no, does not answer"))
    }
}
