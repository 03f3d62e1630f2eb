import CloudModel
import Placement
import TestRandomness
import Testing

/// A workload to which things happen in any order that its sites allow.
struct GoneSiteWalk {
    static let specification = MachineSpecification(
        name: "web-0", resources: Samples.resources(),
        image: ImageReference(format: .raw, location: "/images/web"))
    private static let sites = ["gone.test", "other.test", "third.test"].map { SiteID($0) }
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private(set) var saga: PlacementSaga
    private let wishes: KeepingWishes?
    private var generator: SeededGenerator
    private var now = GoneSiteWalk.start

    init(seed: UInt64, isGang: Bool) throws {
        self.generator = SeededGenerator(seed: seed)
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000006"))
        self.saga = PlacementSaga(workload: workload, replicas: 3, isGang: isGang)
        self.wishes = seed.isMultiple(of: 2) ? KeepingWishes(leaseSeconds: 60, minimum: 0) : nil
        _ = self.saga.resume()
    }

    /// The machine that a replica has at its site, or would have; nil if it is nowhere.
    static func machine(
        of replica: ReplicaPlacement, _ state: MachineState, in workload: WorkloadID
    ) -> Machine? {
        guard let hold = replica.hold else { return nil }
        return Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: hold.site,
            specification: Self.specification, state: state,
            replica: ReplicaReference(workload: workload, index: replica.index, epoch: replica.epoch),
            created: Self.start, changed: Self.start)
    }

    /// Lets something happen.
    mutating func step() {
        self.now = self.now.advanced(by: .seconds(1))
        switch Int.random(in: 0..<120, using: &self.generator) {
        case 0: _ = self.saga.remove()
        case 1...3: self.resize(by: 1)
        case 4...6: self.resize(by: -1)
        case 7...10:
            _ = Keeper().review(&self.saga, self.wishes, under: Circumstances(now: self.now))
        default: self.happen(to: Int.random(in: self.saga.replicas.indices, using: &self.generator))
        }
    }

    private mutating func resize(by difference: Int) {
        guard self.saga.objectionToResizing == nil else { return }
        if difference > 0 {
            _ = self.saga.grow(self.saga.vacancies(for: difference, limit: 5), near: nil)
        } else if self.saga.wantedCount > 1 {
            _ = self.saga.drop(self.saga.leavers(-difference, first: []))
        }
    }

    private mutating func happen(to index: Int) {
        let replica = self.saga.replicas[index]
        if case .placed = replica.phase, Bool.random(using: &self.generator) {
            _ = self.saga.move(index, to: nil, self.wishes)
            return
        }
        guard let event = self.event(for: replica) else { return }
        _ = self.saga.handle(event, replica: index)
    }

    /// One of the things that a site or a plan may say to a replica.
    private mutating func event(for replica: ReplicaPlacement) -> PlacementSaga.Event? {
        let turn = replica.turn
        let silent = PlacementSaga.Event.silent(turn: turn, reason: "no answer")
        if replica.phase == .planning {
            let sites = Self.sites.filter { replica.excluded[$0] == nil }
            guard let site = sites.randomElement(using: &self.generator) else {
                return .unplaceable(reason: "no room", turn: turn)
            }
            return .planned(site: site, turn: turn)
        }
        guard let id = replica.hold?.reservation,
            let machine = Self.machine(of: replica, .running, in: self.saga.workload)
        else { return nil }
        let refused = PlacementSaga.Event.refused(id, turn: turn, reason: "no")
        let committed = PlacementSaga.Event.committed(id, machine)
        let events: [PlacementSaga.Event] =
            switch replica.phase {
            case .planning, .exhausted, .gone: []
            case .reserving, .doubting:
                [self.reservation(id, .held), self.reservation(id, .held), silent, refused]
            case .committing:
                [
                    committed, committed, silent, refused,
                    .unfit(id, machine: machine.id, isUnleased: false, reason: "no"),
                ]
            case .verifying: [committed, self.reservation(id, .held), silent]
            case .withdrawing, .releasing: [self.reservation(id, .released), silent, silent]
            case .placed: [.reported(machine)]
            case .replacing, .deleting: [.deleted(machine.id), silent, silent]
            }
        return events.randomElement(using: &self.generator)
    }

    private func reservation(_ id: ReservationID, _ state: Reservation.State) -> PlacementSaga.Event {
        .reservation(
            Reservation(
                id: id, holder: SiteID("coordinator.test"), specification: Self.specification, replica: nil,
                expires: Self.start, state: state))
    }
}
