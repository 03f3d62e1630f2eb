import Agent
import CloudModel
import Federation
import Storage
import TestRandomness
import Testing

@Suite("Which replicas share a host: the site's ledger")
struct HostWishLedgerTests {
    private typealias Fixtures = AgentFixtures
    private let now = AgentFixtures.start

    private static func workload(_ number: UInt64) -> WorkloadID {
        var generator = SeededGenerator(seed: 1_000 + number)
        return WorkloadID(randomUsing: &generator)
    }

    /// A request for a replica; each number is another reservation.
    private func request(
        _ wish: HostWish?, number: UInt64, index: Int, of workload: UInt64 = 0, epoch: Int = 1,
        holder: SiteID = AgentFixtures.tokyo, vcpus: Int = 1
    ) -> SiteLedger.Request {
        var generator = SeededGenerator(seed: number)
        var specification = Fixtures.specification("m\(number)", vcpus: vcpus)
        specification.hosts = wish
        return SiteLedger.Request(
            id: generator.id(), holder: holder, specification: specification,
            replica: ReplicaReference(workload: Self.workload(workload), index: index, epoch: epoch))
    }

    @Test("A site with one host takes one of two that are to be apart, and says why not the other")
    func oneHost() throws {
        var ledger = Fixtures.ledger()
        let first = try ledger.reserve(self.request(.apart, number: 1, index: 0), now: self.now)
        let refusal = Fixtures.refusal {
            _ = try ledger.reserve(self.request(.apart, number: 2, index: 1), now: self.now)
        }
        #expect(refusal?.reason == .noRoom)
        #expect(refusal?.message.contains("no two may share one") == true)
        // A machine of the same workload counts as a hold does.
        var generator = SeededGenerator(seed: 9)
        _ = try ledger.commit(first.id, by: Fixtures.tokyo, machine: generator.id(), now: self.now)
        #expect(
            Fixtures.refusal {
                _ = try ledger.reserve(self.request(.apart, number: 3, index: 1), now: self.now)
            } != nil)
        // Those of others do not count, whatever number they give their workload.
        _ = try ledger.reserve(
            self.request(.apart, number: 4, index: 1, holder: Fixtures.virginia), now: self.now)
        _ = try ledger.reserve(self.request(.apart, number: 5, index: 1, of: 7), now: self.now)
        // Nor does what the same replica leaves behind.
        _ = try ledger.reserve(self.request(.apart, number: 6, index: 0, epoch: 2), now: self.now)
        // Those that are to share have nowhere else to be.
        for index in 0..<2 {
            _ = try ledger.reserve(
                self.request(.together, number: 10 + UInt64(index), index: index, of: 8), now: self.now)
        }
    }

    @Test("Replicas that share a host are refused once theirs is full, although another has room")
    func together() throws {
        // The one that holds most of them is taken.
        var ledger = Fixtures.ledger(
            hosts: [Fixtures.host("a", vcpus: 4), Fixtures.host("b", vcpus: 8, memory: 4_096)])
        for index in 0..<4 {
            _ = try ledger.reserve(
                self.request(.together, number: UInt64(index + 1), index: index, vcpus: 2), now: self.now)
        }
        let hosts = Set(ledger.reservations.values.map(\.host))
        #expect(hosts.count == 1)
        let refusal = Fixtures.refusal {
            for index in 4..<8 {
                _ = try ledger.reserve(
                    self.request(.together, number: UInt64(index + 1), index: index, vcpus: 2), now: self.now)
            }
        }
        #expect(refusal?.reason == .noRoom)
        #expect(refusal?.message.contains("must share a host") == true)
        #expect(Set(ledger.reservations.values.map(\.host)) == hosts)
    }

    @Test("The first of those that share a host goes where most of them fit, others to the tightest host")
    func roomForAll() throws {
        let hosts = [
            Fixtures.host("tight", vcpus: 1), Fixtures.host("small", memory: 1_024),
            Fixtures.host("large", memory: 65_536),
        ]
        var ledger = Fixtures.ledger(hosts: hosts)
        for index in 0..<8 {
            _ = try ledger.reserve(
                self.request(.together, number: UInt64(index + 1), index: index), now: self.now)
        }
        #expect(Set(ledger.reservations.values.map(\.host)) == ["large"])
        // Of hosts on which as many fit the tightest is taken.
        var alike = Fixtures.ledger(hosts: [Fixtures.host("a", memory: 65_536), Fixtures.host("b")])
        _ = try alike.reserve(self.request(.together, number: 1, index: 0), now: self.now)
        #expect(alike.reservations.values.map(\.host) == ["b"])
        var plain = Fixtures.ledger(hosts: hosts)
        _ = try plain.reserve(self.request(nil, number: 1, index: 0), now: self.now)
        #expect(plain.reservations.values.map(\.host) == ["small"])
    }

    @Test("Only a replica can wish for hosts")
    func noReplica() throws {
        var ledger = Fixtures.ledger()
        var generator = SeededGenerator(seed: 1)
        var specification = Fixtures.specification("web")
        specification.hosts = .apart
        let request = SiteLedger.Request(
            id: generator.id(), holder: Fixtures.tokyo, specification: specification, replica: nil)
        #expect(Fixtures.refusal { _ = try ledger.reserve(request, now: self.now) }?.reason == .badRequest)
    }

    @Test("The wishes hold whatever comes, goes and is read again from disk", arguments: 0 as UInt64..<30)
    func randomSteps(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let hosts = (0..<Int.random(in: 1...4, using: &generator)).map { Fixtures.host("h\($0)", vcpus: 4) }
        let wishes: [HostWish?] = [.apart, .together, nil]
        let store = MachineStore(try Database())
        var ledger = Fixtures.ledger(hosts: hosts)
        for step in 1...80 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                let workload = Int.random(in: 0..<wishes.count, using: &generator)
                let request = self.request(
                    wishes[workload], number: UInt64(step), index: Int.random(in: 0..<4, using: &generator),
                    of: UInt64(workload))
                let isRefused = Fixtures.refusal { _ = try ledger.reserve(request, now: self.now) } != nil
                guard !isRefused, Bool.random(using: &generator) else { break }
                _ = try ledger.commit(
                    request.id, by: Fixtures.tokyo, machine: generator.id(), now: self.now)
            case 6:
                let held = ledger.reservations.values.filter { $0.reservation.state == .held }
                    .map(\.reservation.id).sorted()
                guard let id = held.randomElement(using: &generator) else { break }
                _ = try ledger.release(id, by: Fixtures.tokyo, now: self.now)
            case 7, 8:
                let machines = ledger.machines.values.filter { !$0.isDoomed }.map(\.machine.id).sorted()
                guard let id = machines.randomElement(using: &generator) else { break }
                _ = try ledger.doom(id, now: self.now)
                ledger.removed(id, now: self.now)
            default:
                try store.save(ledger.takeChanges())
                ledger = Fixtures.ledger(hosts: hosts, state: try store.load())
            }
            self.check(ledger)
        }
    }

    /// No two replicas that are to be apart share a host, and all that are to share do.
    private func check(_ ledger: SiteLedger) {
        var seats: [HostWish: [(host: String, index: Int)]] = [:]
        for entry in ledger.machines.values where entry.occupies {
            guard let wish = entry.machine.specification.hosts, let replica = entry.machine.replica else {
                continue
            }
            seats[wish, default: []].append((entry.host, replica.index))
        }
        for entry in ledger.reservations.values where entry.reservation.state == .held {
            guard let wish = entry.reservation.specification.hosts, let replica = entry.reservation.replica
            else { continue }
            seats[wish, default: []].append((entry.host, replica.index))
        }
        let apart = seats[.apart] ?? []
        for (number, seat) in apart.enumerated() {
            #expect(!apart[..<number].contains { $0.host == seat.host && $0.index != seat.index })
        }
        #expect(Set((seats[.together] ?? []).map(\.host)).count <= 1)
    }
}
