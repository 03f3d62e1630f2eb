import CloudModel
import Placement
import Testing

/// A workload whose replicas all run in tokyo, and the time that passes for it.
struct KeeperBench {
    static let tokyo = SiteID("tokyo.test")
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    var saga: PlacementSaga
    var wishes: KeepingWishes?
    var now = KeeperBench.start
    var draining: Set<SiteID> = []
    var placeable: Set<Int> = []
    var sought: Set<Int>
    var lapsed: Set<Int> = []
    var leased: Set<Int> = []
    var notes: [KeepingNote] = []
    private var changes: Int64 = 0

    init(replicas: Int = 1, wishes: KeepingWishes? = nil) throws {
        self.wishes = wishes
        self.sought = Set(0..<replicas)
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000007"))
        self.saga = PlacementSaga(workload: workload, replicas: replicas)
        _ = self.saga.resume()
        for index in 0..<replicas { try self.place(index, at: Self.tokyo) }
        _ = self.review()
    }

    /// Brings a replica that looks for a site to `site`, where it runs at once.
    mutating func place(_ index: Int, at site: SiteID) throws {
        let planned = self.saga.handle(
            .planned(site: site, turn: self.saga.replicas[index].turn), replica: index)
        guard case .reserve(_, let hold, _)? = planned.first else {
            Issue.record("not reserved: \(planned)")
            return
        }
        _ = self.saga.handle(
            .committed(hold.reservation, self.machine(index, .running, at: hold)), replica: index)
    }

    mutating func machine(
        _ index: Int, _ state: MachineState, at hold: Hold, halt: Halt? = nil
    ) -> Machine {
        self.changes += 1
        return Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: hold.site,
            specification: MachineSpecification(
                name: "web-\(index)", resources: Samples.resources(),
                image: ImageReference(format: .raw, location: "/images/web"),
                leaseSeconds: self.wishes?.leaseSeconds),
            state: state, reason: state == .failed ? "killed" : nil, halt: halt,
            replica: ReplicaReference(
                workload: self.saga.workload, index: index, epoch: self.saga.replicas[index].epoch),
            created: Self.start,
            changed: Self.start.advanced(by: .milliseconds(self.changes)))
    }

    mutating func report(_ index: Int, _ state: MachineState, halt: Halt? = nil) throws {
        let hold = try #require(self.saga.replicas[index].hold)
        _ = self.saga.handle(.reported(self.machine(index, state, at: hold, halt: halt)), replica: index)
    }

    mutating func review(after duration: Duration = .zero) -> [PlacementSaga.Directive] {
        self.now = self.now.advanced(by: duration)
        let review = Keeper().review(
            &self.saga, self.wishes,
            under: Circumstances(
                now: self.now, draining: self.draining, placeable: self.placeable, sought: self.sought,
                lapsed: self.lapsed, leased: self.leased))
        self.notes += review.notes
        return review.directives
    }

    /// Lets a start that was ordered come to nothing, and reviews until the next step.
    mutating func failStart(_ index: Int) throws {
        try self.report(index, .failed)
        _ = self.review()
    }
}
