package import XML

/// One message out of an archive (XEP-0313 §4.2).
package struct ArchiveResult: Payload {
    package static let elementName = "result"
    package static let namespace = Namespace.archive

    /// The message's id in the archive.
    package var id: String
    /// The id of the query it answers.
    package var queryID: String?
    package var forwarded: Forwarded

    package init(id: String, queryID: String? = nil, forwarded: Forwarded) {
        self.id = id
        self.queryID = queryID
        self.forwarded = forwarded
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.id = try element.requiredAttribute("id")
        self.queryID = element[attribute: "queryid"]
        guard let forwarded = try element.firstChild(Forwarded.self) else {
            throw PayloadError("<result/> holds no forwarded message")
        }
        self.forwarded = forwarded
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["queryid": self.queryID, "id": self.id],
            [self.forwarded.element])
    }
}
