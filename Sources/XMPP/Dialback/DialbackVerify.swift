package import XML

/// `<db:verify/>`: one server asks another whether a key is the other's, or answers (XEP-0220 §2.1).
package struct DialbackVerify: Payload {
    package static let elementName = "verify"
    package static let namespace = Namespace.dialback

    package var from: JID
    package var to: JID
    /// The id of the stream on which the key was shown.
    package var id: String
    package var verdict: DialbackVerdict

    package init(from: JID, to: JID, id: String, _ verdict: DialbackVerdict) {
        self.from = from
        self.to = to
        self.id = id
        self.verdict = verdict
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.from = try element.requiredAddress("from")
        self.to = try element.requiredAddress("to")
        self.id = try element.requiredAttribute("id")
        self.verdict = try DialbackVerdict(parsing: element)
    }

    package var element: Element {
        self.verdict.element(Self.elementName, from: self.from, to: self.to, id: self.id)
    }
}
