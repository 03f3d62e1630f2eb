package import XML

/// What of an account's messages is archived (XEP-0441); the question is the same element with nothing in it.
package struct ArchivePreferences: Payload {
    package static let elementName = "prefs"
    package static let namespace = Namespace.archive

    /// What happens with messages to and from those on neither list.
    package enum Standard: String, Hashable, Sendable, CaseIterable {
        case always
        case never
        /// Archived if the other side is in the roster.
        case roster
    }

    /// Nil only in the question.
    package var standard: Standard?
    /// In the order given, each once.
    package var always: [JID]
    package var never: [JID]

    package init(standard: Standard? = nil, always: [JID] = [], never: [JID] = []) {
        self.standard = standard
        self.always = always
        self.never = never
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        if let text = element[attribute: "default"] {
            guard let standard = Standard(rawValue: text) else {
                throw PayloadError("the default of <prefs/> is none of always, never, roster")
            }
            self.standard = standard
        }
        self.always = try Self.addresses(in: element.child("always"))
        self.never = try Self.addresses(in: element.child("never"))
    }

    package var element: Element {
        let lists = self.standard == nil ? [] : [("always", self.always), ("never", self.never)]
        return Element(
            Self.elementName, namespace: Self.namespace, ["default": self.standard?.rawValue],
            lists.map { name, addresses in
                Element(
                    name, namespace: Self.namespace, [:],
                    addresses.map { Element("jid", namespace: Self.namespace, text: $0.description) })
            })
    }

    private static func addresses(in list: Element?) throws(PayloadError) -> [JID] {
        var addresses: [JID] = []
        var seen: Set<JID> = []
        for child in list?.children("jid") ?? [] {
            do {
                let address = try JID(child.text)
                if seen.insert(address).inserted { addresses.append(address) }
            } catch {
                throw PayloadError("a <jid/> of <prefs/> is no address: \(error)")
            }
        }
        return addresses
    }
}
