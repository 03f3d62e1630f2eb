import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Sites that could not be asked, and sites that others keep a workload from", .timeLimit(.minutes(2)))
struct CoordinatorPostponementTests {
    private static let alice = "alice@paris.test"
    private static let virginia = "virginia.test"

    @Test(
        "A request that was not sent refuses nothing: it is made again, and nothing is given up",
        arguments: [false, true])
    func notAsked(isGang: Bool) async throws {
        // One site only.
        let bench = try CoordinatorBench([CoordinatorBench.world[1]])
        bench.sites.arm(fuse: 1, among: .reserve, trap: .notAsked)
        try await bench.run { coordinator, table in
            let workload = try await table.perform(
                CoordinatorBench.place(replicas: 3, more: ["gang": .bool(isGang)])
            ).workload()
            #expect(workload.state == .placed)
            let events = try coordinator.workload("web", for: Self.alice, scope: .own).events ?? []
            #expect(!events.contains { $0.kind == .refused || $0.kind == .unplaceable })
            #expect(events.count { $0.kind == .waiting && $0.text.contains("could not be asked") } == 1)
        }
        #expect(bench.sites.isTrapped)
        #expect(bench.sites.machines.count == 3)
    }

    @Test("While a site could not be asked, any other one that will do is better")
    func elsewhere() async throws {
        let bench = try CoordinatorBench()
        bench.sites.arm(fuse: 0, among: .reserve, trap: .notAsked)
        try await bench.run { _, table in
            let workload = try await table.perform(CoordinatorBench.place()).workload()
            #expect(workload.state == .placed)
            #expect(workload.replicas[0].site != SiteID("tokyo.test"))
        }
        #expect(bench.sites.isTrapped)
        #expect(bench.sites.machines.count == 1)
    }

    @Test("Whom another workload must be apart from keeps away from its sites too, whenever it is placed")
    func apartFromOthers() async throws {
        let bench = try CoordinatorBench()
        let french: [String: Value] = ["audience": .array([.string("FR")])]
        try await bench.run { coordinator, table in
            let web = try await table.perform(
                CoordinatorBench.place(more: french.merging(["apart": .array([.string("db")])]) { $1 })
            ).workload()
            #expect(web.replicas[0].site == SiteID("paris.test"))
            let wanted = CoordinatorBench.specification("db", near: "FR")
            let plan = try await coordinator.plan(wanted, for: Self.alice)
            #expect(plan.assignments.map(\.site) == [SiteID(Self.virginia)])
            let paris = try #require(plan.verdicts.first { $0.site == SiteID("paris.test") })
            #expect(paris.line.contains("web is to be apart from it"))
            let foreign = try await coordinator.plan(wanted, for: "bob@paris.test")
            #expect(foreign.assignments.map(\.site) == [SiteID("paris.test")], "bob's are none of hers")
            let db = try await table.perform(CoordinatorBench.place("db", more: french)).workload()
            #expect(db.replicas[0].site == SiteID(Self.virginia))

            await bench.boot(coordinator)
            await coordinator.review()
            bench.sites.setPolicy(.closed, at: Self.virginia)
            var deleted = try #require(bench.sites.take(at: Self.virginia))
            deleted.state = .deleted
            deleted.changed = deleted.changed.advanced(by: .seconds(1))
            try await coordinator.receive(MachineReport(machine: deleted), from: deleted.site)
            let anew = try await bench.settle(coordinator) { () throws -> Workload? in
                let db = try coordinator.workload("db", for: Self.alice, scope: .own)
                return db.replicas[0].epoch == 2 && db.state == .placed ? db : nil
            }
            #expect(anew.replicas[0].site == SiteID("tokyo.test"))

            // Once nobody wishes it any more, the nearest site will do.
            await coordinator.remove(web.id)
            let free = try await coordinator.plan(wanted, for: Self.alice)
            #expect(free.assignments.map(\.site) == [SiteID("paris.test")])
        }
    }
}
