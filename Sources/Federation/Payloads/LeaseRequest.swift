package import CloudModel
package import XML
package import XMPP

/// Asks the holder of machines to renew their leases, all of them at once: `<lease-request/>`, an IQ set.
///
/// The *site* asks, and each lease that is granted runs from the moment at which the site sent the request, by its own
/// clock. So an answer that was long on its way never makes a lease longer than its holder thinks.
package struct LeaseRequest: Payload {
    package static let elementName = "lease-request"
    package static let namespace = Namespace.federation

    /// A machine that may run only under a lease, and the replica it embodies.
    package struct Lease: Hashable, Sendable {
        package let machine: MachineID
        package let replica: ReplicaReference

        package init(machine: MachineID, replica: ReplicaReference) {
            self.machine = machine
            self.replica = replica
        }
    }

    /// At most `WireLimits.leasesPerRequest`; a site with more asks more than once.
    package let leases: [Lease]

    package init(leases: [Lease]) {
        self.leases = leases
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        var leases: [Lease] = []
        for child in try reader.children("lease", atMost: WireLimits.leasesPerRequest) {
            let lease = try ElementReader(child, named: "lease")
            leases.append(
                Lease(
                    machine: try lease.identifier("machine"),
                    replica: ReplicaReference(
                        workload: try lease.identifier("workload"),
                        index: try lease.integer("index", in: 0...WireLimits.replicas),
                        epoch: try lease.integer("epoch", in: 0...Int(Int32.max)))))
        }
        self.init(leases: leases)
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, [:],
            self.leases.map { lease in
                Element(
                    "lease", namespace: Self.namespace,
                    [
                        "machine": lease.machine.description,
                        "workload": lease.replica.workload.description, "index": String(lease.replica.index),
                        "epoch": String(lease.replica.epoch),
                    ])
            })
    }
}
