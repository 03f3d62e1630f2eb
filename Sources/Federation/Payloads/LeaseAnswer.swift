package import CloudModel
package import XML
package import XMPP

/// What became of each lease that a site asked for: `<lease-answer/>`.
///
/// A machine that is not named is not renewed now: its site lets it run until its lease is over, then stops it, and
/// deletes nothing.
package struct LeaseAnswer: Payload {
    package static let elementName = "lease-answer"
    package static let namespace = Namespace.federation

    /// Renewed for their whole length, from the moment at which the site asked.
    package let granted: [MachineID]
    /// Of an epoch that is over, as the replica was placed anew: the site deletes these machines.
    package let over: [MachineID]

    package init(granted: [MachineID], over: [MachineID]) {
        self.granted = granted
        self.over = over
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            granted: try Self.machines("granted", in: reader), over: try Self.machines("over", in: reader))
    }

    private static func machines(
        _ name: String, in reader: ElementReader
    ) throws(PayloadError) -> [MachineID] {
        var machines: [MachineID] = []
        for child in try reader.children(name, atMost: WireLimits.leasesPerRequest) {
            machines.append(try ElementReader(child, named: name).identifier("machine"))
        }
        return machines
    }

    package var element: Element {
        func elements(_ name: String, _ machines: [MachineID]) -> [Element] {
            machines.map { Element(name, namespace: Self.namespace, ["machine": $0.description]) }
        }
        return Element(
            Self.elementName, namespace: Self.namespace, [:],
            elements("granted", self.granted) + elements("over", self.over))
    }
}
