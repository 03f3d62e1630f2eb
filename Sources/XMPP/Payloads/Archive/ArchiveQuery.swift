package import XML

/// Asks an archive for messages (XEP-0313 §4); as a `get` and empty, for the form that says what can be asked.
package struct ArchiveQuery: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.archive

    /// Comes back in each result.
    package var id: String?
    /// The form with the filters, not yet checked.
    package var form: DataForm?
    package var page: ResultSet?
    /// Whether the results of the page are wanted newest first (XEP-0313 §4.3.4).
    package var isFlipped: Bool

    package init(
        id: String? = nil, form: DataForm? = nil, page: ResultSet? = nil, isFlipped: Bool = false
    ) {
        self.id = id
        self.form = form
        self.page = page
        self.isFlipped = isFlipped
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.id = element[attribute: "queryid"]
        self.form = try element.firstChild(DataForm.self)
        self.page = try element.firstChild(ResultSet.self)
        self.isFlipped = element.child("flip-page") != nil
    }

    package var element: Element {
        var children: [Element] = []
        if let form { children.append(form.element) }
        if let page { children.append(page.element) }
        if self.isFlipped { children.append(Element("flip-page", namespace: Self.namespace)) }
        return Element(Self.elementName, namespace: Self.namespace, ["queryid": self.id], children)
    }
}
