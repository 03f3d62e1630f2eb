import XML

extension Presence {
    /// How available somebody is (RFC 6121 §4.7.2.1); without one, simply there.
    package enum Show: String, Hashable, Sendable, CaseIterable {
        case away
        case chat
        case doNotDisturb = "dnd"
        case extendedAway = "xa"
    }

    /// The presence of somebody who is there.
    package init(show: Show? = nil, status: String? = nil, priority: Int8 = 0) {
        var payloads: [Element] = []
        if let show { payloads.append(Element("show", namespace: Namespace.client, text: show.rawValue)) }
        if let status { payloads.append(Element("status", namespace: Namespace.client, text: status)) }
        if priority != 0 {
            payloads.append(Element("priority", namespace: Namespace.client, text: String(priority)))
        }
        self.init(to: nil, payloads: payloads)
    }

    /// What `<show/>` says; nil if there is none or an unknown one.
    package var show: Show? {
        self.text(of: "show").flatMap(Show.init(rawValue:))
    }

    /// What the person says about it.
    package var status: String? { self.text(of: "status") }

    /// Where messages to the bare address go first; below zero: not here (RFC 6121 §4.7.2.3).
    ///
    /// 0 if nothing is said of it; nil if what is said is no number between -128 and 127.
    package var priority: Int8? {
        guard let text = self.text(of: "priority") else { return 0 }
        return Int8(text)
    }

    private func text(of name: String) -> String? {
        self.payloads.first { $0.matches(name, Namespace.client) }?.text
    }
}
