package import CloudModel
package import XML
package import XMPP

/// `<specification/>`: what a machine is asked to be.
extension MachineSpecification: Payload {
    package static let elementName = "specification"
    package static let namespace = Namespace.federation

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        let name = try reader.text("name")
        guard Self.isName(name) else {
            throw reader.wrong("name", name, "1–63 characters of a–z, 0–9 and inner -")
        }
        let resources = try Resources(parsing: reader)
        guard resources.vcpus > 0, resources.memory > .zero else {
            throw PayloadError("<specification/> must ask for at least one vCPU and one MiB of memory")
        }
        self.init(
            name: name, resources: resources,
            image: try ImageReference(parsing: try reader.child(ImageReference.elementName)),
            labels: try Labels.read(from: reader),
            leaseSeconds: try reader.optionalText("lease-s") == nil
                ? nil : reader.integer("lease-s", in: KeepingWishes.leaseRange),
            hosts: try reader.optionalChoice("hosts"))
    }

    package var element: Element {
        var element = self.resources.element(Self.elementName)
        element.attributes.insert(.init(name: "name", value: self.name), at: 0)
        if let leaseSeconds {
            element.attributes.append(.init(name: "lease-s", value: String(leaseSeconds)))
        }
        if let hosts {
            element.attributes.append(.init(name: "hosts", value: hosts.rawValue))
        }
        element.children = ([self.image.element] + Labels.elements(self.labels)).map(Element.Node.element)
        return element
    }
}
