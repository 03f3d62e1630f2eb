import Agent
import CloudModel
import Federation
import Storage
import TestRandomness
import Testing

@Suite("What a site allows whom")
struct AgentPolicyTests {
    private typealias Fixtures = AgentFixtures
    private let now = AgentFixtures.start

    private func reserve(
        _ ledger: inout SiteLedger, _ seed: UInt64, by holder: String, vcpus: Int = 1, memory: Int64 = 512,
        disk: Int64 = 1_024
    ) throws -> Reservation {
        var generator = SeededGenerator(seed: seed)
        return try ledger.reserve(
            SiteLedger.Request(
                id: generator.id(), holder: SiteID(holder),
                specification: Fixtures.specification("m-\(seed)", vcpus: vcpus, memory: memory, disk: disk),
                replica: nil), now: self.now)
    }

    @Test("A quota is used to its last unit, of each resource, and not beyond")
    func quotaEdges() throws {
        let most = Resources(vcpus: 2, memory: Mebibytes(1_000), disk: Mebibytes(2_000))
        let rules = SiteRules(quotas: [Fixtures.tokyo: .init(resources: most)])
        func ask(vcpus: Int, memory: Int64, disk: Int64) throws {
            var ledger = Fixtures.ledger(rules: rules)
            _ = try self.reserve(
                &ledger, 1, by: "tokyo.test", vcpus: vcpus, memory: memory, disk: disk)
        }
        try ask(vcpus: 2, memory: 1_000, disk: 2_000)
        for (vcpus, memory, disk, word) in [
            (3, 1_000, 2_000, "vCPU"), (2, 1_001, 2_000, "memory"), (2, 1_000, 2_001, "disk"),
        ] as [(Int, Int64, Int64, String)] {
            let refusal = Fixtures.refusal { try ask(vcpus: vcpus, memory: memory, disk: disk) }
            #expect(refusal?.reason == .quota)
            #expect(refusal?.text.contains("more \(word) than paris.test grants") == true)
        }
    }

    @Test("Holders of a domain share its quota; others do not, and each keeps his own")
    func domainQuota() throws {
        var ledger = Fixtures.ledger(
            rules: SiteRules(
                quotas: [SiteID("ann@tokyo.test"): .init(machines: 1)],
                domainQuotas: ["tokyo.test": .init(machines: 3)]))
        _ = try self.reserve(&ledger, 1, by: "ann@tokyo.test")
        #expect(Fixtures.refusal { _ = try self.reserve(&ledger, 2, by: "ann@tokyo.test") }?.reason == .quota)
        _ = try self.reserve(&ledger, 3, by: "bob@tokyo.test")
        _ = try self.reserve(&ledger, 4, by: "tokyo.test")
        let refusal = Fixtures.refusal { _ = try self.reserve(&ledger, 5, by: "bob@tokyo.test") }
        #expect(refusal?.reason == .quota)
        #expect(
            refusal?.message
                == "everybody at tokyo.test has 3 of the 3 machines that paris.test grants, holds included")
        #expect(refusal?.next == "delete some, or ask the owner of paris.test for more")
        _ = try self.reserve(&ledger, 6, by: "ann@virginia.test")
    }

    @Test("A lease is for a replica, which its coordinator renews, and is neither short nor endless")
    func leases() throws {
        func ask(seconds: Int, isReplica: Bool = true) throws {
            var ledger = Fixtures.ledger()
            var generator = SeededGenerator(seed: 1)
            var specification = Fixtures.specification("web-0")
            specification.leaseSeconds = seconds
            let workload = WorkloadID(randomUsing: &generator)
            _ = try ledger.reserve(
                SiteLedger.Request(
                    id: generator.id(), holder: Fixtures.tokyo, specification: specification,
                    replica: isReplica ? ReplicaReference(workload: workload, index: 0, epoch: 1) : nil),
                now: self.now)
        }
        try ask(seconds: 10)
        try ask(seconds: 86_400)
        #expect(Fixtures.refusal { try ask(seconds: 9) }?.reason == .badRequest)
        #expect(Fixtures.refusal { try ask(seconds: 86_401) }?.reason == .badRequest)
        #expect(Fixtures.refusal { try ask(seconds: 60, isReplica: false) }?.reason == .badRequest)
    }

    @Test("What is given back counts no more")
    func givenBack() throws {
        var ledger = Fixtures.ledger(rules: SiteRules(defaultQuota: .init(machines: 1)))
        let held = try self.reserve(&ledger, 1, by: "tokyo.test")
        #expect(Fixtures.refusal { _ = try self.reserve(&ledger, 2, by: "tokyo.test") }?.reason == .quota)
        _ = try ledger.release(held.id, by: Fixtures.tokyo, now: self.now)
        #expect(ledger.usage(of: Fixtures.tokyo).machines == 0)
        _ = try self.reserve(&ledger, 2, by: "tokyo.test")
    }

    @Test("Overcommitment multiplies what is promised, resource by resource, rounded down")
    func overcommitment() throws {
        let ratios = SiteRules.Overcommitment(vcpus: 250, memory: 100, disk: 150)
        let host = Fixtures.host(vcpus: 3, memory: 4_096, disk: 10_001)
        #expect(
            ratios.promised(of: host.total)
                == Resources(vcpus: 7, memory: Mebibytes(4_096), disk: Mebibytes(15_001)))
        var ledger = Fixtures.ledger(hosts: [host], rules: SiteRules(overcommitment: ratios))
        #expect(ledger.capacity.total.vcpus == 7)
        #expect(ledger.capacity.load == host.load)
        for seed in 1...7 as ClosedRange<UInt64> {
            _ = try self.reserve(&ledger, seed, by: "tokyo.test", memory: 64)
        }
        #expect(ledger.capacity.free.vcpus == 0)
        #expect(Fixtures.refusal { _ = try self.reserve(&ledger, 8, by: "tokyo.test") }?.reason == .noRoom)
        var strict = Fixtures.ledger(hosts: [host])
        #expect(
            Fixtures.refusal { _ = try self.reserve(&strict, 1, by: "a.test", vcpus: 4) }?.reason == .noRoom)
    }

    @Test("The generation rises with each transaction and outlives the process")
    func generation() throws {
        let store = MachineStore(try Database())
        var ledger = Fixtures.ledger()
        #expect(ledger.capacity.generation == 0)
        for seed in 1...3 as ClosedRange<UInt64> {
            _ = try self.reserve(&ledger, seed, by: "tokyo.test")
            ledger.written(as: try store.save(ledger.takeChanges()))
            #expect(ledger.capacity.generation == Int(seed))
        }
        #expect(Fixtures.ledger(state: try store.load()).capacity.generation == 3)
    }

    @Test("A refusal by the site's keeper carries the generation and what is free")
    func refusalState() async throws {
        try await AgentHarness.with { harness in
            _ = try await harness.place(harness.request("a"))
            let refusal = await #expect(throws: SiteRefusal.self) {
                try await harness.agent.service.reserve(harness.request("b", seed: 2, vcpus: 100))
            }
            #expect(refusal?.capacity?.free.vcpus == 7)
            #expect((refusal?.capacity?.generation ?? 0) > 0)
        }
    }

    @Test(
        "A sharded dictionary is a dictionary, small or large, and a copy stays as it was",
        arguments: 0 as UInt64..<20)
    func sharded(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var model: [Int: Int] = [:]
        var sharded = ShardedDictionary<Int, Int>()
        let isLarge = seed.isMultiple(of: 4)
        for step in 0..<(isLarge ? 3_000 : 400) {
            let key = Int.random(in: 0..<(isLarge ? 1_500 : 30), using: &generator)
            let value = Bool.random(using: &generator) ? step : nil
            model[key] = value
            sharded[key] = value
            #expect(sharded.count == model.count)
        }
        #expect(isLarge == (sharded.count > ShardedDictionary<Int, Int>.splitAt))
        let copy = sharded
        #expect(copy == sharded)
        sharded[10_000] = 1
        #expect(copy != sharded)
        #expect(copy[10_000] == nil)
        #expect(copy.keys.sorted() == model.keys.sorted())
        #expect(copy.values.sorted() == model.values.sorted())
        #expect(copy.allSatisfy { model[$0.key] == $0.value })
    }
}
