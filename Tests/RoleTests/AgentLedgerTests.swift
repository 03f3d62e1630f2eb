import Agent
import CloudModel
import Federation
import Placement
import Storage
import TestRandomness
import Testing

@Suite
struct AgentLedgerTests {
    private typealias Fixtures = AgentFixtures
    private let now = AgentFixtures.start

    private func request(
        _ name: String, seed: UInt64 = 1, holder: SiteID = AgentFixtures.tokyo, vcpus: Int = 1,
        memory: Int64 = 512, holdFor: Duration = SiteRules.holdDefault
    ) -> SiteLedger.Request {
        var generator = SeededGenerator(seed: seed)
        return SiteLedger.Request(
            id: generator.id(), holder: holder,
            specification: Fixtures.specification(name, vcpus: vcpus, memory: memory), replica: nil,
            holdFor: holdFor)
    }

    private func refusal(_ body: () throws -> Void) -> Refusal.Reason? {
        do {
            try body()
            return nil
        } catch let refusal as SiteRefusal {
            return refusal.reason
        } catch {
            return nil
        }
    }

    @Test("A second reserve with the same id answers with the same reservation")
    func secondReserve() throws {
        var ledger = Fixtures.ledger()
        let request = self.request("web-1")
        let first = try ledger.reserve(request, now: self.now)
        let second = try ledger.reserve(request, now: self.now.advanced(by: .seconds(5)))
        #expect(first == second)
        #expect(ledger.reservations.count == 1)
        #expect(ledger.capacity.free.vcpus == 7)
    }

    @Test("The same id with another body is a conflict")
    func conflictingReserve() throws {
        var ledger = Fixtures.ledger()
        _ = try ledger.reserve(self.request("web-1"), now: self.now)
        #expect(
            self.refusal { _ = try ledger.reserve(self.request("web-1", vcpus: 2), now: self.now) }
                == .conflict)
        #expect(
            self.refusal {
                _ = try ledger.reserve(self.request("web-1", holder: Fixtures.virginia), now: self.now)
            } == .conflict)
    }

    @Test("A name is unique among machines and holds")
    func names() throws {
        var ledger = Fixtures.ledger()
        _ = try ledger.reserve(self.request("web-1"), now: self.now)
        #expect(
            self.refusal { _ = try ledger.reserve(self.request("web-1", seed: 2), now: self.now) }
                == .conflict)
    }

    @Test("What no host can hold is refused with what there is")
    func noRoom() throws {
        var ledger = Fixtures.ledger(hosts: [Fixtures.host("a", vcpus: 4), Fixtures.host("b", vcpus: 2)])
        let error = #expect(throws: SiteRefusal.self) {
            try ledger.reserve(self.request("big", vcpus: 5), now: self.now)
        }
        #expect(error?.reason == .noRoom)
        #expect(error?.message.contains("can ever hold") == true)
        #expect(ledger.capacity.free.vcpus == 6)
        #expect(ledger.capacity.largestFreeSlot.vcpus == 4)
    }

    @Test("What fits on any host is within what the row tells, and a refusal names the room of a real one")
    func largestSlot() throws {
        var ledger = Fixtures.ledger(hosts: [
            Fixtures.host("a", vcpus: 1, memory: 65_536), Fixtures.host("b", vcpus: 16, memory: 32_768),
        ])
        let fitting = self.request("fits", vcpus: 4, memory: 8_192)
        let capacity = ledger.capacity
        #expect(capacity.largestFreeSlot.covers(fitting.specification.resources))
        // Readers of any release take it.
        #expect(try Capacity(parsing: capacity.element) == capacity)
        #expect(
            try Planner().plan(
                PlanRequest(self.workload(fitting.specification.resources)), over: self.snapshot(capacity)
            ).assignments.map(\.site) == [Fixtures.paris])
        _ = try ledger.reserve(fitting, now: self.now)
        #expect(ledger.reservations[fitting.id]?.host == "b")
        let none = self.request("none", seed: 2, vcpus: 4, memory: 40_960)
        #expect(ledger.capacity.largestFreeSlot.covers(none.specification.resources))
        let error = #expect(throws: SiteRefusal.self) { try ledger.reserve(none, now: self.now) }
        #expect(error?.reason == .noRoom)
        #expect(error?.next?.contains("at most 1 vCPU, 64 GiB memory") == true)
    }

    private func workload(_ resources: Resources) -> WorkloadSpecification {
        WorkloadSpecification(
            name: "web", replicas: 1, resources: resources,
            image: ImageReference(format: .qcow2, location: "/images/base.qcow2"))
    }

    /// A site that reports this, and no other.
    private func snapshot(_ capacity: Capacity) -> PlacementSnapshot {
        PlacementSnapshot(candidates: [
            Candidate(
                description: SiteDescription(
                    site: Fixtures.paris, name: "Paris", position: nil, country: nil, labels: [:],
                    hypervisors: ["memory"], policy: .open, capacity: capacity, price: nil,
                    reported: self.now),
                age: .seconds(1), reachability: .reachable)
        ])
    }

    @Test("A hold ends at its time limit, to the millisecond, and gives its room back")
    func expiry() throws {
        var ledger = Fixtures.ledger()
        let request = self.request("web-1", holdFor: .seconds(10))
        let reservation = try ledger.reserve(request, now: self.now)
        #expect(reservation.expires == self.now.advanced(by: .seconds(10)))
        ledger.expire(now: self.now.advanced(by: .milliseconds(9_999)))
        #expect(ledger.capacity.free.vcpus == 7)
        #expect(
            self.refusal {
                var generator = SeededGenerator(seed: 9)
                _ = try ledger.commit(
                    request.id, by: Fixtures.tokyo, machine: generator.id(),
                    now: self.now.advanced(by: .seconds(10)))
            } == .expired)
        ledger.expire(now: self.now.advanced(by: .seconds(10)))
        #expect(ledger.capacity.free.vcpus == 8)
        #expect(try ledger.reserve(request, now: self.now.advanced(by: .seconds(11))).state == .expired)
    }

    @Test("No hold is longer than the limit")
    func holdLimit() throws {
        var ledger = Fixtures.ledger()
        let reservation = try ledger.reserve(
            self.request("web-1", holdFor: SiteRules.holdMax + .seconds(1)), now: self.now)
        #expect(reservation.expires == self.now.advanced(by: SiteRules.holdMax))
    }

    @Test("Committing twice makes one machine, and only the holder commits")
    func commitTwice() throws {
        var ledger = Fixtures.ledger()
        let request = self.request("web-1")
        _ = try ledger.reserve(request, now: self.now)
        var generator = SeededGenerator(seed: 5)
        let first: MachineID = generator.id()
        #expect(
            self.refusal {
                _ = try ledger.commit(
                    request.id, by: Fixtures.virginia, machine: first, now: self.now)
            } == .notFound)
        let made = try ledger.commit(request.id, by: Fixtures.tokyo, machine: first, now: self.now)
        let again = try ledger.commit(
            request.id, by: Fixtures.tokyo, machine: generator.id(),
            now: self.now.advanced(by: .seconds(3_600)))
        #expect(made == again)
        #expect(made.machine.id == first)
        #expect(ledger.machines.count == 1)
        let released = try ledger.release(request.id, by: Fixtures.tokyo, now: self.now)
        #expect(released.state == .committed)
        #expect(ledger.capacity.free.vcpus == 7)
    }

    @Test("Policy, outage and quota refuse, each by its name")
    func admission() throws {
        for policy in AdmissionPolicy.allCases where policy != .open {
            var ledger = Fixtures.ledger(policy: policy)
            #expect(self.refusal { _ = try ledger.reserve(self.request("a"), now: self.now) } == .policy)
        }
        var ledger = Fixtures.ledger()
        ledger.outage = "connection refused"
        #expect(self.refusal { _ = try ledger.reserve(self.request("a"), now: self.now) } == .outOfOrder)

        let quota = SiteRules.Quota(
            resources: Resources(vcpus: 3, memory: .gibibytes(4), disk: .gibibytes(10)), machines: 2)
        ledger = Fixtures.ledger(rules: SiteRules(quotas: [Fixtures.tokyo: quota], heldPerHolderMax: 3))
        #expect(
            self.refusal { _ = try ledger.reserve(self.request("a", vcpus: 4), now: self.now) } == .quota)
        _ = try ledger.reserve(self.request("a", seed: 1), now: self.now)
        _ = try ledger.reserve(self.request("b", seed: 2), now: self.now)
        #expect(
            self.refusal { _ = try ledger.reserve(self.request("c", seed: 3), now: self.now) } == .quota)
        for seed in 4..<7 as Range<UInt64> {
            _ = try ledger.reserve(
                self.request("v-\(seed)", seed: seed, holder: Fixtures.virginia), now: self.now)
        }
        #expect(
            self.refusal {
                _ = try ledger.reserve(
                    self.request("v-7", seed: 7, holder: Fixtures.virginia), now: self.now)
            } == .quota)
    }

    @Test(
        "A specification that is none is refused before anything is held",
        arguments: [
            Fixtures.specification(""), Fixtures.specification("Web"), Fixtures.specification("-a"),
            Fixtures.specification(String(repeating: "a", count: 64)),
            Fixtures.specification("a", vcpus: 0), Fixtures.specification("a", memory: 0),
            Fixtures.specification("a", disk: -1),
            Fixtures.specification("a", vcpus: SiteRules.largestMachine.vcpus + 1),
            Fixtures.specification(
                "a", image: ImageReference(format: .qcow2, location: "https://images.test/a")),
            Fixtures.specification(
                "a", image: ImageReference(format: .qcow2, location: "/a", sha256: "ABC")),
            Fixtures.specification(
                "a", image: ImageReference(format: .raw, location: "/a", commandLine: "quiet")),
        ])
    func badSpecifications(specification: MachineSpecification) {
        var ledger = Fixtures.ledger()
        var generator = SeededGenerator(seed: 1)
        let request = SiteLedger.Request(
            id: generator.id(), holder: Fixtures.tokyo, specification: specification, replica: nil)
        #expect(self.refusal { _ = try ledger.reserve(request, now: self.now) } == .badRequest)
        #expect(ledger.reservations.isEmpty)
    }

    @Test("The longest name is a name")
    func longestName() throws {
        var ledger = Fixtures.ledger()
        _ = try ledger.reserve(self.request(String(repeating: "a", count: 63)), now: self.now)
    }

    @Test("What ended long ago is forgotten, what is committed is not")
    func forgetting() throws {
        var ledger = Fixtures.ledger(rules: SiteRules(memory: .seconds(100), memoryMax: 2))
        var generator = SeededGenerator(seed: 77)
        let kept = self.request("kept", seed: 50)
        _ = try ledger.reserve(kept, now: self.now)
        _ = try ledger.commit(kept.id, by: Fixtures.tokyo, machine: generator.id(), now: self.now)
        for seed in 1..<5 as Range<UInt64> {
            let request = self.request("n-\(seed)", seed: seed)
            _ = try ledger.reserve(request, now: self.now)
            _ = try ledger.release(request.id, by: Fixtures.tokyo, now: self.now)
        }
        ledger.expire(now: self.now)
        #expect(ledger.reservations.count == 3)
        ledger.expire(now: self.now.advanced(by: .seconds(1_000)))
        #expect(ledger.reservations.keys.sorted() == [kept.id])
        #expect(ledger.takeChanges().forgottenReservations.count == 4)
    }
}
