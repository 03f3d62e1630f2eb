package import XML

/// Says that a presence is meant to enter a room (XEP-0045 §7.2.1).
package struct RoomEntry: Payload {
    package static let elementName = "x"
    package static let namespace = Namespace.rooms

    /// How much of what was said before is wanted (XEP-0045 §7.2.14).
    ///
    /// Whatever is given must hold.
    package struct History: Hashable, Sendable {
        /// Characters of whole stanzas, not of their bodies.
        package var characters: Int?
        package var stanzas: Int?
        package var seconds: Int?
        package var since: DateTime?

        package init(
            characters: Int? = nil, stanzas: Int? = nil, seconds: Int? = nil, since: DateTime? = nil
        ) {
            self.characters = characters
            self.stanzas = stanzas
            self.seconds = seconds
            self.since = since
        }
    }

    package var password: String?
    package var history: History?

    package init(password: String? = nil, history: History? = nil) {
        self.password = password
        self.history = history
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.password = element.child("password")?.text
        self.history = try element.child("history").map { history throws(PayloadError) in
            History(
                characters: try history.count("maxchars"), stanzas: try history.count("maxstanzas"),
                seconds: try history.count("seconds"),
                since: try history[attribute: "since"].map { text throws(PayloadError) in
                    guard let time = DateTime(text) else {
                        throw PayloadError("'since' of <history/> is no time as XEP-0082 writes it")
                    }
                    return time
                })
        }
    }

    package var element: Element {
        var children: [Element] = []
        if let history {
            children.append(
                Element(
                    "history", namespace: Self.namespace,
                    [
                        "maxchars": history.characters.map(String.init),
                        "maxstanzas": history.stanzas.map(String.init),
                        "seconds": history.seconds.map(String.init),
                        "since": history.since?.description,
                    ]))
        }
        if let password {
            children.append(Element("password", namespace: Self.namespace, text: password))
        }
        return Element(Self.elementName, namespace: Self.namespace, [:], children)
    }
}

extension Element {
    /// The attribute as a count; nil if there is no such attribute.
    fileprivate func count(_ name: String) throws(PayloadError) -> Int? {
        guard let text = self[attribute: name] else { return nil }
        guard let count = Int(text), count >= 0 else {
            throw PayloadError("the attribute '\(name)' of <\(self.name)/> is no count")
        }
        return count
    }
}
