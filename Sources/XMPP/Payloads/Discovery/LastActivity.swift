package import XML

/// How long ago somebody was last there, or how long a server has been running (XEP-0012): the question is the same
/// element with nothing in it.
package struct LastActivity: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.lastActivity

    package var seconds: Int64?
    /// What was said on leaving.
    package var status: String?

    package init(seconds: Int64? = nil, status: String? = nil) {
        self.seconds = seconds
        self.status = status
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        if let text = element[attribute: "seconds"] {
            guard let seconds = Int64(text), seconds >= 0 else {
                throw PayloadError("'seconds' is no number of seconds")
            }
            self.seconds = seconds
        } else {
            self.seconds = nil
        }
        self.status = element.text.isEmpty ? nil : element.text
    }

    package var element: Element {
        var element = Element(Self.elementName, namespace: Self.namespace, text: self.status ?? "")
        element[attribute: "seconds"] = self.seconds.map(String.init)
        return element
    }
}
