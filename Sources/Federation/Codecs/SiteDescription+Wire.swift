package import CloudModel
package import XML
package import XMPP

/// `<site/>`: what a site says about itself; the payload of its row.
extension SiteDescription: Payload {
    package static let elementName = "site"
    package static let namespace = Namespace.federation
    /// The schema of a row with this payload.
    package static let schema = "site-description:1"

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        var hypervisors: [String] = []
        for child in try reader.children("hypervisor", atMost: WireLimits.hypervisors) {
            guard child.text.utf8.count <= WireLimits.shortText else {
                throw PayloadError("<hypervisor/> is longer than \(WireLimits.shortText) bytes")
            }
            hypervisors.append(child.text)
        }
        self.init(
            site: try reader.site("address"), name: try reader.text("name"),
            position: try Self.position(reader), country: try Self.country(reader),
            labels: try Labels.read(from: reader), hypervisors: hypervisors,
            policy: try reader.choice("policy"), isBeingEmptied: try Self.isBeingEmptied(reader),
            capacity: try Capacity(parsing: try reader.child(Capacity.elementName)),
            price: try Self.price(reader), carbon: try Self.carbon(reader),
            roundTrips: try Self.roundTrips(reader),
            reported: try reader.instant("reported-unix-ms"))
    }

    package var element: Element {
        var element = Element(
            Self.elementName, namespace: Self.namespace,
            [
                "address": self.site.address, "name": self.name, "country": self.country,
                "policy": self.policy.rawValue, "emptying": self.isBeingEmptied ? "true" : nil,
                "reported-unix-ms": String(self.reported.millisecondsSinceEpoch),
            ],
            [self.capacity.element])
        if let position {
            element.append(
                Element(
                    "position", namespace: Self.namespace,
                    [
                        "latitude-deg": String(position.latitude),
                        "longitude-deg": String(position.longitude),
                    ]))
        }
        if let price {
            element.append(
                Element(
                    "price", namespace: Self.namespace,
                    [
                        "currency": price.currency,
                        "micros-per-vcpu-hour": String(price.microsPerVCPUHour),
                        "micros-per-gib-hour": String(price.microsPerGibibyteHour),
                    ]))
        }
        if let carbon { element.append(Self.element(of: carbon)) }
        for hypervisor in self.hypervisors {
            element.append(Element("hypervisor", namespace: Self.namespace, text: hypervisor))
        }
        for label in Labels.elements(self.labels) { element.append(label) }
        for path in self.roundTrips {
            element.append(
                Element(
                    "round-trip", namespace: Self.namespace,
                    ["to": path.site.address, "ms": String(path.milliseconds)]))
        }
        return element
    }

    /// Earlier releases do not say so, whatever their policy.
    private static func isBeingEmptied(_ reader: ElementReader) throws(PayloadError) -> Bool {
        guard try reader.optionalText("emptying") != nil else { return false }
        return try reader.flag("emptying")
    }

    private static func position(_ reader: ElementReader) throws(PayloadError) -> Position? {
        guard let child = reader.element.child("position") else { return nil }
        let reader = try ElementReader(child, named: "position")
        return Position(
            latitude: try reader.decimal("latitude-deg", in: -90...90),
            longitude: try reader.decimal("longitude-deg", in: -180...180))
    }

    private static func country(_ reader: ElementReader) throws(PayloadError) -> String? {
        guard let text = try reader.optionalText("country") else { return nil }
        guard Self.isUpperCase(text, count: 2) else { throw reader.wrong("country", text, "two letters A–Z") }
        return text
    }

    private static func price(_ reader: ElementReader) throws(PayloadError) -> Price? {
        guard let child = reader.element.child("price") else { return nil }
        let reader = try ElementReader(child, named: "price")
        let currency = try reader.text("currency")
        guard Self.isUpperCase(currency, count: 3) else {
            throw reader.wrong("currency", currency, "three letters A–Z")
        }
        return Price(
            currency: currency,
            microsPerVCPUHour: try reader.integer("micros-per-vcpu-hour", in: 0...WireLimits.priceMicros),
            microsPerGibibyteHour: try reader.integer("micros-per-gib-hour", in: 0...WireLimits.priceMicros))
    }

    private static func carbon(_ reader: ElementReader) throws(PayloadError) -> Carbon? {
        guard let child = reader.element.child("carbon") else { return nil }
        let reader = try ElementReader(child, named: "carbon")
        return Carbon(
            gramsPerKilowattHour: try reader.decimal("grams-per-kwh", in: Carbon.intensities),
            wattsPerVCPU: try reader.decimal("watts-per-vcpu", in: Carbon.watts),
            embodiedGramsPerVCPUHour: try reader.decimal(
                "embodied-grams-per-vcpu-hour", in: Carbon.embodied))
    }

    private static func element(of carbon: Carbon) -> Element {
        Element(
            "carbon", namespace: Self.namespace,
            [
                "grams-per-kwh": String(carbon.gramsPerKilowattHour),
                "watts-per-vcpu": String(carbon.wattsPerVCPU),
                "embodied-grams-per-vcpu-hour": String(carbon.embodiedGramsPerVCPUHour),
            ])
    }

    /// A site that is named twice is refused rather than resolved silently.
    private static func roundTrips(_ reader: ElementReader) throws(PayloadError) -> [MeasuredPath] {
        var paths: [MeasuredPath] = []
        for child in try reader.children("round-trip", atMost: WireLimits.roundTrips) {
            let reader = try ElementReader(child, named: "round-trip")
            let path = MeasuredPath(
                to: try reader.site("to"),
                milliseconds: try reader.decimal("ms", in: 0...WireLimits.roundTripMilliseconds))
            guard !paths.contains(where: { $0.site == path.site }) else {
                throw PayloadError("the round trip to '\(path.site)' occurs twice in <site/>")
            }
            paths.append(path)
        }
        return paths
    }

    private static func isUpperCase(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}
