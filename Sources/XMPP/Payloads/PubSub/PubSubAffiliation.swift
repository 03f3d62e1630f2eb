import XML

/// What somebody may do at a node (XEP-0060 §4.1).
package enum PubSubAffiliation: String, Hashable, Sendable, CaseIterable {
    case owner
    case publisher
    case publishOnly = "publish-only"
    case member
    case none
    case outcast

    /// One line of a list of affiliations: of whom, or at which node.
    package struct Entry: Hashable, Sendable {
        /// In the owner's list.
        package var address: JID?
        /// In one's own list.
        package var node: String?
        /// Nil if a change names none, and then nothing changes.
        package var affiliation: PubSubAffiliation?

        package init(address: JID? = nil, node: String? = nil, affiliation: PubSubAffiliation?) {
            self.address = address
            self.node = node
            self.affiliation = affiliation
        }

        init(parsing element: Element) throws(PayloadError) {
            self.address = try element.address("jid")
            self.node = element[attribute: "node"]
            guard let text = element[attribute: "affiliation"] else { return }
            guard let affiliation = PubSubAffiliation(rawValue: text) else {
                throw PayloadError("'\(text)' is no affiliation")
            }
            self.affiliation = affiliation
        }

        func element(in namespace: String) -> Element {
            Element(
                "affiliation", namespace: namespace,
                [
                    "node": self.node, "jid": self.address?.description,
                    "affiliation": self.affiliation?.rawValue,
                ])
        }
    }
}
