import Agent
import CloudModel
import Storage
import TestRandomness

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
        ledger.hasSeenMachines = true
        ledger.updateHosts(hosts)
        return ledger
    }

    /// What `body` is refused with; nil if it is not.
    static func refusal(_ body: () throws -> Void) -> SiteRefusal? {
        do {
            try body()
            return nil
        } catch {
            return error as? SiteRefusal
        }
    }
}

extension SeededGenerator {
    mutating func id<Subject>() -> Identifier<Subject> {
        Identifier(randomUsing: &self)
    }
}
