package import CloudModel
package import XML
package import XMPP

/// `<replica/>`: which replica of which workload a machine or reservation embodies.
extension ReplicaReference: Payload {
    package static let elementName = "replica"
    package static let namespace = Namespace.federation

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            workload: try reader.identifier("workload"),
            index: try reader.integer("index", in: 0...WireLimits.replicas),
            epoch: try reader.integer("epoch", in: 0...Int(Int32.max)))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            [
                "workload": self.workload.description, "index": String(self.index),
                "epoch": String(self.epoch),
            ])
    }

    /// The replica named inside `reader`'s element, if one is.
    static func optional(in reader: ElementReader) throws(PayloadError) -> ReplicaReference? {
        guard let element = reader.element.child(Self.elementName) else { return nil }
        return try ReplicaReference(parsing: element)
    }
}
