import Agent
import CloudModel
import Storage

/// Values that the tests of the agent share.
enum AgentFixtures {
    static let paris = SiteID("paris.test")
    static let tokyo = SiteID("tokyo.test")
    static let virginia = SiteID("virginia.test")
    static let start = Instant(millisecondsSinceEpoch: 1_700_000_000_000)

    static func host(
        _ name: String = "h1", vcpus: Int = 8, memory: Int64 = 8_192, disk: Int64 = 100_000
    ) -> Host {
        Host(
            name: name, hypervisor: "memory",
            total: Resources(vcpus: vcpus, memory: Mebibytes(memory), disk: Mebibytes(disk)),
            load: 0.25, freeMemory: Mebibytes(memory))
    }

    static func specification(
        _ name: String, vcpus: Int = 1, memory: Int64 = 512, disk: Int64 = 1_024,
        image: ImageReference = ImageReference(format: .qcow2, location: "/images/base.qcow2")
    ) -> MachineSpecification {
        MachineSpecification(
            name: name,
            resources: Resources(vcpus: vcpus, memory: Mebibytes(memory), disk: Mebibytes(disk)),
            image: image)
    }

    static func ledger(
        hosts: [Host] = [AgentFixtures.host()], rules: SiteRules = SiteRules(),
        policy: AdmissionPolicy = .open, state: SiteState = SiteState()
    ) -> SiteLedger {
        var ledger = SiteLedger(site: Self.paris, rules: rules, policy: policy, state: state)
        ledger.updateHosts(hosts)
        return ledger
    }
}

/// A small generator of numbers that depend on nothing but the seed.
struct AgentSeed: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func id<Subject>() -> Identifier<Subject> {
        Identifier(randomUsing: &self)
    }
}
