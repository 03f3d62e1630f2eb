package import XML

/// Where an archive begins and ends (XEP-0313 §5); the question is the same element with nothing in it.
package struct ArchiveMetadata: Payload {
    package static let elementName = "metadata"
    package static let namespace = Namespace.archive

    /// The first or the last message.
    package struct End: Hashable, Sendable {
        package var id: String
        package var time: DateTime

        package init(id: String, time: DateTime) {
            self.id = id
            self.time = time
        }
    }

    /// Both nil for an empty archive.
    package var start: End?
    package var end: End?

    package init(start: End? = nil, end: End? = nil) {
        self.start = start
        self.end = end
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.start = try element.child("start").map { child throws(PayloadError) in try End(parsing: child) }
        self.end = try element.child("end").map { child throws(PayloadError) in try End(parsing: child) }
    }

    package var element: Element {
        let ends = [("start", self.start), ("end", self.end)]
        return Element(
            Self.elementName, namespace: Self.namespace, [:],
            ends.compactMap { name, end in
                end.map {
                    Element(
                        name, namespace: Self.namespace,
                        ["id": $0.id, "timestamp": $0.time.description])
                }
            })
    }
}

extension ArchiveMetadata.End {
    fileprivate init(parsing element: Element) throws(PayloadError) {
        guard let time = DateTime(try element.requiredAttribute("timestamp")) else {
            throw PayloadError("the timestamp of <\(element.name)/> is no time as XEP-0082 writes it")
        }
        self.init(id: try element.requiredAttribute("id"), time: time)
    }
}
