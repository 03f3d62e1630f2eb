import CloudModel
import Gossip
import Testing

@testable import Federation

/// The values that the golden files hold, so that a test can compare both ways.
enum Samples {
    static func reservationID() throws -> ReservationID {
        try #require(ReservationID("7f3e9c52-8a41-4c6b-b0d7-2f6a1e9d4c83"))
    }

    static func machineID() throws -> MachineID {
        try #require(MachineID("c1d8a7b4-3e62-4f95-8b1a-6d0c9e2f7a54"))
    }

    static func replica() throws -> ReplicaReference {
        ReplicaReference(
            workload: try #require(WorkloadID("0b6f2c3e-51d4-4e0a-9a3c-7d1f5b8e2a10")), index: 0, epoch: 1)
    }

    static func key() throws -> SiteKey {
        try #require(SiteKey(bytes: Array(0..<32)))
    }

    static let image = ImageReference(
        format: .kernel, location: "https://images.paris.test/vmlinuz",
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        initramfs: "https://images.paris.test/initramfs",
        initramfsSHA256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        commandLine: "console=ttyS0  quiet")

    static let specification = MachineSpecification(
        name: "web-0", resources: Resources(vcpus: 2, memory: Mebibytes(512), disk: .gibibytes(2)),
        image: image,
        labels: ["tier": "gold", "team": "red & blue"])

    static let smallSpecification = MachineSpecification(
        name: "a", resources: Resources(vcpus: 1, memory: Mebibytes(1), disk: .zero),
        image: ImageReference(format: .qcow2, location: "/var/lib/images/base.qcow2"))

    static let capacity = Capacity(
        total: Resources(vcpus: 16, memory: .gibibytes(32), disk: Mebibytes(512_000)),
        free: Resources(vcpus: 10, memory: .gibibytes(20), disk: Mebibytes(400_000)),
        largestFreeSlot: Resources(vcpus: 8, memory: .gibibytes(16), disk: Mebibytes(250_000)), load: 0.25,
        machines: 3, hosts: 2, generation: 412)

    static let hotCapacity = {
        var capacity = Self.capacity
        capacity.load = 0.97
        capacity.usage = LoadSummary(
            memory: 0.6, disk: 0.2, diskBusy: 0.35, memoryPressure: 0, ioPressure: 0.1)
        capacity.heat = Heat(figure: .cpu, share: 0.96, seconds: 130)
        return capacity
    }()

    static let noCapacity = Capacity(
        total: .zero, free: .zero, largestFreeSlot: .zero, load: 0, machines: 0, hosts: 0)

    static func site() -> SiteDescription {
        SiteDescription(
            site: SiteID("paris.test"), name: "Paris",
            position: Position(latitude: 48.8566, longitude: 2.3522), country: "FR",
            labels: ["energy": "wind"],
            hypervisors: ["qemu"], policy: .open, capacity: capacity,
            price: Price(currency: "EUR", microsPerVCPUHour: 12_000, microsPerGibibyteHour: 4_500),
            carbon: Carbon(
                gramsPerKilowattHour: 21.5, wattsPerVCPU: 3.2, embodiedGramsPerVCPUHour: 0.4),
            roundTrips: [
                MeasuredPath(to: SiteID("tokyo.test"), milliseconds: 243.1),
                MeasuredPath(to: SiteID("cloud@chat.test"), milliseconds: 0.5),
            ],
            reported: Instant(millisecondsSinceEpoch: 1_795_352_300_000))
    }

    static let bareSite = SiteDescription(
        site: SiteID("cloud@chat.test"), name: "Cloud", position: nil, country: nil, labels: [:],
        hypervisors: [],
        policy: .draining, capacity: noCapacity, price: nil, reported: Instant(millisecondsSinceEpoch: 0))

    static func reservation() throws -> Reservation {
        Reservation(
            id: try self.reservationID(), holder: SiteID("coordinator.test"), specification: specification,
            replica: try self.replica(), expires: Instant(millisecondsSinceEpoch: 1_795_352_400_000))
    }

    static func committedReservation() throws -> Reservation {
        Reservation(
            id: try self.reservationID(), holder: SiteID("broker@chat.test"),
            specification: smallSpecification,
            replica: nil, expires: Instant(millisecondsSinceEpoch: 1_795_352_400_000), state: .committed,
            machine: try self.machineID())
    }

    static func machine() throws -> Machine {
        Machine(
            id: try self.machineID(), site: SiteID("paris.test"), specification: specification,
            state: .running,
            replica: try self.replica(), created: Instant(millisecondsSinceEpoch: 1_795_352_300_000),
            changed: Instant(millisecondsSinceEpoch: 1_795_352_304_500))
    }

    static func failedMachine() throws -> Machine {
        Machine(
            id: try self.machineID(), site: SiteID("cloud@chat.test"), specification: smallSpecification,
            state: .failed, reason: "process killed", created: Instant(millisecondsSinceEpoch: 0),
            changed: Instant(millisecondsSinceEpoch: 253_402_300_799_999))
    }

    static func haltedMachine() throws -> Machine {
        var machine = try self.failedMachine()
        machine.state = .stopped
        machine.reason = nil
        machine.halt = .lease
        machine.specification.leaseSeconds = 60
        return machine
    }

    static func row(payload: [UInt8]) throws -> Row {
        Row(
            origin: SiteID("paris.test"), version: RowVersion(incarnation: 3, sequence: 17),
            lifetime: .seconds(30), schema: SiteDescription.schema, payload: payload, key: try self.key(),
            signature: Array(64..<128))
    }
}
