package import CloudModel
import XMPP

/// Rooms, on a domain of their own beside the accounts (XEP-0045).
extension LocalDomain {
    /// Opens the rooms; before the first event.
    package mutating func host(_ rooms: RoomService) {
        self.rooms = rooms
        let service = HostedService(name: rooms.policy.name) { domain, stanza, now in
            domain.routeToRooms(stanza, at: now)
        }
        self.host(service, at: rooms.address.domain)
    }

    private mutating func routeToRooms(_ stanza: Stanza, at now: Instant) -> DomainStep {
        switch self.rooms?.handle(stanza, at: now) {
        case .none: .done([])
        case .send(let stanzas): .done(stanzas.map(self.forward))
        case .durable(let change): .durable(.changeRoom(change))
        }
    }

    /// The change is on disk.
    package mutating func changed(_ change: RoomChange, at now: Instant) -> [DomainDirective] {
        (self.rooms?.apply(change, at: now) ?? []).map(self.forward)
    }

    /// The change could not be written: nothing has changed, and who wanted it is told.
    package func failed(_ change: RoomChange) -> [DomainDirective] {
        (self.rooms?.failed(change) ?? []).map(self.forward)
    }

    /// Tells everybody who is in a room that the service ends.
    package mutating func closeRooms() -> [DomainDirective] {
        (self.rooms?.shutDown() ?? []).map(self.forward)
    }
}
