import CloudModel
package import XML
package import XMPP

/// The application-specific part of a stanza error that answers an `Invoke` (RFC 6120 §8.3.4).
package struct Failure: Payload {
    package static let elementName = "failure"
    package static let namespace = Invoke.namespace

    package let error: OperationError

    package init(_ error: OperationError) {
        self.error = error
    }

    package init(parsing element: Element) throws(PayloadError) {
        guard Self.matches(element) else { throw PayloadError("expected <failure/>") }
        // A code that only a later version knows is still a failure.
        let code = element[attribute: "code"].flatMap(OperationError.Code.init(rawValue:)) ?? .internalError
        self.init(
            OperationError(
                code, element.child("message")?.text ?? code.title, next: element.child("next")?.text,
                site: element[attribute: "site"].map { SiteID($0) }))
    }

    package var element: Element {
        var element = Element(
            Self.elementName, namespace: Self.namespace,
            ["code": self.error.code.rawValue, "site": self.error.site?.address])
        element.append(Element("message", namespace: Self.namespace, text: self.error.message))
        if let next = self.error.next {
            element.append(Element("next", namespace: Self.namespace, text: next))
        }
        return element
    }
}
