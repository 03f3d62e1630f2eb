package import XML

/// `<db:result/>`: a server shows its key, or is told whether it was good (XEP-0220 §2.1).
package struct DialbackResult: Payload {
    package static let elementName = "result"
    package static let namespace = Namespace.dialback

    package var from: JID
    package var to: JID
    package var verdict: DialbackVerdict

    package init(from: JID, to: JID, _ verdict: DialbackVerdict) {
        self.from = from
        self.to = to
        self.verdict = verdict
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.from = try element.requiredAddress("from")
        self.to = try element.requiredAddress("to")
        self.verdict = try DialbackVerdict(parsing: element)
    }

    package var element: Element {
        self.verdict.element(Self.elementName, from: self.from, to: self.to, id: nil)
    }
}
