import CloudModel
package import Storage
import XML
import XMPP

extension PubSubNode.Item {
    /// The item as it is written to disk.
    func stored() throws(StanzaError) -> StoredPubSubNode.Item {
        var text: String?
        do throws(PrintError) {
            text = try self.payload?.serializedText()
        } catch {
            throw StanzaError(.badRequest, text: "the payload cannot be written as XML: \(error)")
        }
        return StoredPubSubNode.Item(
            id: self.id, publisher: self.publisher.description,
            publishedAt: self.publishedAt.millisecondsSinceEpoch, payload: text)
    }

    /// The item as it was written to disk.
    init(_ stored: StoredPubSubNode.Item) throws {
        let payload = try stored.payload.map { try Element(parsing: $0) }
        let size = stored.payload?.utf8.count ?? 0
        self.init(
            id: stored.id, publisher: try JID(stored.publisher),
            publishedAt: Instant(millisecondsSinceEpoch: stored.publishedAt), payload: payload,
            cost: size + max(1, payload?.partCount ?? 1) * PubSubLimits.elementCost)
    }
}

extension PubSubService {
    /// Puts a node in place as it was written to disk; throws if this version cannot read it.
    package mutating func restore(_ stored: StoredPubSubNode) throws {
        var configuration = self.standard
        try configuration.restore(stored.configuration, limits: self.limits)
        var node = PubSubNode(configuration: configuration)
        node.creator = try stored.creator.map { try JID($0) }
        for (address, text) in stored.affiliations {
            guard let affiliation = PubSubAffiliation(rawValue: text) else {
                throw PayloadError("the affiliation '\(text)' at \(stored.name) is unknown")
            }
            node.affiliations[try JID(address)] = affiliation
        }
        for (address, isDelivering) in stored.subscriptions {
            node.subscriptions[try JID(address)] = isDelivering
        }
        node.items = try stored.items.map { try PubSubNode.Item($0) }
        self.nodes[stored.name] = node
    }
}
