import XML

/// What one side of a stream takes at most, told before it is exceeded (XEP-0478).
package struct StreamLimits: Hashable, Sendable {
    /// The largest first-level element, in bytes; nil if nothing is said about it.
    package var longestStanza: Int?
    /// How long the stream may be silent, in seconds; nil if nothing is said about it.
    package var longestSilence: Int?

    package init(longestStanza: Int? = nil, longestSilence: Int? = nil) {
        self.longestStanza = longestStanza
        self.longestSilence = longestSilence
    }

    /// Reads `<limits/>`; a number that makes no sense says nothing.
    init(parsing element: Element) {
        self.init(
            longestStanza: Self.count(element.child("max-bytes")),
            longestSilence: Self.count(element.child("idle-seconds")))
    }

    private static func count(_ element: Element?) -> Int? {
        guard let element, let value = Int(element.text), value > 0 else { return nil }
        return value
    }

    var element: Element {
        let counts = [("max-bytes", self.longestStanza), ("idle-seconds", self.longestSilence)]
        return Element(
            "limits", namespace: Namespace.streamLimits, [:],
            counts.compactMap { name, value in
                value.map { Element(name, namespace: Namespace.streamLimits, text: String($0)) }
            })
    }
}
