package import CloudModel
package import XML
package import XMPP

/// `<capacity/>`: what a site has and what of it is free.
extension Capacity: Payload {
    package static let elementName = "capacity"
    package static let namespace = Namespace.federation

    /// Refuses numbers that cannot all be true: more free than there is, or a slot larger than what is free.
    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            total: try Self.amount("total", reader), free: try Self.amount("free", reader),
            largestFreeSlot: try Self.amount("largest-free-slot", reader),
            load: try reader.decimal("load-share", in: 0...1),
            machines: try reader.integer("machines", in: 0...WireLimits.population),
            hosts: try reader.integer("hosts", in: 0...WireLimits.population),
            generation: try element[attribute: "generation"] == nil
                ? nil : reader.integer("generation", in: 0...Int.max),
            usage: try element.child(LoadSummary.elementName).map { (child) throws(PayloadError) in
                try LoadSummary(parsing: try ElementReader(child, named: LoadSummary.elementName))
            },
            heat: try element.child(Heat.elementName).map { (child) throws(PayloadError) in
                try Heat(parsing: try ElementReader(child, named: Heat.elementName))
            })
        guard self.total.covers(self.free) else { throw PayloadError("<free/> is more than <total/>") }
        guard self.free.covers(self.largestFreeSlot) else {
            throw PayloadError("<largest-free-slot/> is more than <free/>")
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            [
                "load-share": String(self.load), "machines": String(self.machines),
                "hosts": String(self.hosts), "generation": self.generation.map { String($0) },
            ],
            [
                self.total.element("total"), self.free.element("free"),
                self.largestFreeSlot.element("largest-free-slot"),
            ] + [self.usage?.element, self.heat?.element].compactMap { $0 })
    }

    private static func amount(_ name: String, _ reader: ElementReader) throws(PayloadError) -> Resources {
        try Resources(parsing: try ElementReader(try reader.child(name), named: name))
    }
}
