package import XML

/// The end of an archive's answer (XEP-0313 §4.3.3).
package struct ArchiveFin: Payload {
    package static let elementName = "fin"
    package static let namespace = Namespace.archive

    /// Whether no page follows in the direction that was asked for.
    package var isComplete: Bool
    package var page: ResultSet

    package init(isComplete: Bool, page: ResultSet) {
        self.isComplete = isComplete
        self.page = page
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.isComplete = ["true", "1"].contains(element[attribute: "complete"] ?? "")
        guard let page = try element.firstChild(ResultSet.self) else {
            throw PayloadError("<fin/> holds no <set/>")
        }
        self.page = page
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["complete": self.isComplete ? "true" : nil],
            [self.page.element])
    }
}
