import CloudModel
package import XML
package import XMPP

/// The answer to an `Invoke` that was performed.
package struct Outcome: Payload {
    package static let elementName = "outcome"
    package static let namespace = Invoke.namespace

    package let result: OperationResult

    package init(_ result: OperationResult) {
        self.result = result
    }

    package init(parsing element: Element) throws(PayloadError) {
        guard Self.matches(element) else { throw PayloadError("expected <outcome/>") }
        guard let site = element[attribute: "site"], !site.isEmpty else {
            throw PayloadError("<outcome/> needs the attribute site")
        }
        var value = Value.null
        if let inner = element.child("value")?.elements.first { value = try Value(parsing: inner) }
        self.init(
            OperationResult(site: SiteID(site), value: value, message: element.child("message")?.text))
    }

    package var element: Element {
        var element = Element(Self.elementName, namespace: Self.namespace, ["site": self.result.site.address])
        if let message = self.result.message {
            element.append(Element("message", namespace: Self.namespace, text: message))
        }
        if !self.result.value.isNull {
            element.append(Element("value", namespace: Self.namespace, [:], [self.result.value.element]))
        }
        return element
    }
}
