import CloudModel
import MachineDrivers
import TestRandomness

/// A definition of a small machine; `seed` makes its ids.
func definition(
    _ name: String = "web-1", seed: UInt64 = 1, memory: Int64 = 128, disk: Int64 = 0
) -> MachineDefinition {
    var generator = SeededGenerator(seed: seed)
    return MachineDefinition(
        id: MachineID(randomUsing: &generator), site: SiteID("paris.test"), holder: SiteID("tokyo.test"),
        reservation: ReservationID(randomUsing: &generator),
        specification: MachineSpecification(
            name: name,
            resources: Resources(vcpus: 1, memory: Mebibytes(memory), disk: Mebibytes(disk)),
            image: ImageReference(format: .kernel, location: "/images/vmlinuz"), labels: ["a": "<&\"'>"]),
        replica: ReplicaReference(workload: WorkloadID(randomUsing: &generator), index: 0, epoch: 3),
        created: Instant(millisecondsSinceEpoch: 1_700_000_000_000))
}
