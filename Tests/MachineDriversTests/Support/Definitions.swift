import CloudModel
import MachineDrivers

/// A definition of a small machine; `seed` makes its ids.
func definition(
    _ name: String = "web-1", seed: UInt64 = 1, memory: Int64 = 128, disk: Int64 = 0
) -> MachineDefinition {
    var generator = SplitMix64(seed: seed)
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

/// A small generator of numbers that depend on nothing but the seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
