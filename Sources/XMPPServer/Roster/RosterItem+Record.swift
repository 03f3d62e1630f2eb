import Storage
import XML
import XMPP

extension RosterItemRecord {
    /// The item as it is written to disk.
    init(_ item: RosterItem, owner: String) throws(PrintError) {
        var request: String?
        if let presence = item.request {
            request = try Stanza.presence(presence).element().serializedText()
        }
        self.init(
            owner: owner, contact: item.contact.description, name: item.name, groups: item.groups,
            outgoing: item.subscription.outgoing.rawValue, incoming: item.subscription.incoming.rawValue,
            isPreApproved: item.subscription.isPreApproved, isListed: item.isListed, request: request)
    }
}

extension RosterItem {
    /// The item as it was written to disk; throws if the record is not one this version can read.
    init(_ record: RosterItemRecord) throws {
        guard let outgoing = Subscription.Standing(rawValue: record.outgoing),
            let incoming = Subscription.Standing(rawValue: record.incoming)
        else {
            throw PayloadError("the subscription of \(record.contact) is unknown")
        }
        var request: Presence?
        if let text = record.request,
            case .presence(let presence) = try Stanza(parsing: Element(parsing: text))
        {
            request = presence
        }
        self.init(
            contact: try JID(record.contact), name: record.name, groups: record.groups,
            subscription: Subscription(
                outgoing: outgoing, incoming: incoming, isPreApproved: record.isPreApproved),
            isListed: record.isListed, request: request)
    }
}

extension Roster {
    /// The roster as it was written to disk.
    init(_ stored: StoredRoster, limits: RosterLimits) throws {
        self.init(
            version: stored.version,
            items: try stored.items.map { record in
                var item = try RosterItem(record)
                item.request = item.request?.kept(within: limits.requestBytes)
                return item
            }, limits: limits)
    }
}
