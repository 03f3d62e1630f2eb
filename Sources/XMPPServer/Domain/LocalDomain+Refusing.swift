import XMPP

extension LocalDomain {
    /// What follows from an event that cannot be handled, because it needs the disk and that has no room for it: whoever
    /// sent the stanza is told to come again.
    package mutating func refuse(_ event: DomainEvent) -> [DomainDirective] {
        let error = StanzaError(
            .resourceConstraint, kind: .wait, text: "the server is too busy; try again later")
        switch event {
        case .fromClient(let stanza, let id):
            guard let session = self.sessions[id] else { return [] }
            return self.refuse(stanza, error, to: session)
        case .fromService(let stanza):
            var stanza = stanza
            if stanza.from == nil { stanza.from = self.address }
            return self.refuse(stanza, error)
        case .routed(let stanza): return self.refuse(stanza, error)
        case .undelivered(let undelivered): return self.refuse(undelivered.stanza, error)
        // Needs no disk, and must not be missed.
        case .sessionEnded(let id): return self.end(id)
        }
    }
}
