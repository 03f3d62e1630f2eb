import XML
import XMPP

/// Configuration and end of a room (XEP-0045 §10.1, §10.2, §10.9).
extension Room {
    func form() -> DataForm {
        self.configuration.form(
            for: self.address, owners: self.affiliations.addresses(.owner),
            admins: self.affiliations.addresses(.admin), limits: self.limits)
    }

    /// A request of `muc#owner` that changes something.
    func own(_ iq: IQ, _ query: RoomOwnership) throws(StanzaError) -> Decision {
        if var destruction = query.destruction {
            destruction.reason = self.cut(destruction.reason)
            destruction.password = self.cut(destruction.password)
            return .act(.destroy(iq, destruction))
        }
        guard let submission = query.form else {
            throw StanzaError(.badRequest, text: "neither a form nor the end of the room")
        }
        switch submission.kind {
        case .cancel:
            // §10.1.3: a room whose first configuration is cancelled never was.
            if self.lockedSince != nil { return .act(.destroy(iq, RoomDestruction())) }
            return .say([.iq(iq.reply(.result(nil)))])
        case .submit: break
        case .form, .result: throw StanzaError(.badRequest, text: "the form was not submitted")
        }
        let settings = try self.configuration.changed(
            by: submission, to: self.form(), limits: self.limits)
        let changes = self.changes(to: settings)
        try self.checkOwners(after: changes)
        try self.checkRoom(for: changes)
        return .act(.configure(iq, settings.configuration, changes))
    }

    /// What the complete lists of owners and admins come to (§10.2: an owner who is on neither becomes an admin).
    private func changes(to settings: RoomSettings) -> [RoomAffiliations.Change] {
        var wanted: [JID: RoomAffiliation] = [:]
        if let admins = settings.admins {
            for address in self.affiliations.addresses(.admin) {
                wanted[address] = RoomAffiliation.unaffiliated
            }
            for address in admins { wanted[address] = .admin }
        }
        if let owners = settings.owners {
            for address in self.affiliations.addresses(.owner) where !owners.contains(address) {
                wanted[address] = .admin
            }
            for address in owners { wanted[address] = .owner }
        }
        for owner in self.affiliations.addresses(.owner) where settings.owners == nil {
            wanted[owner] = nil
        }
        return wanted.sorted { $0.key < $1.key }.compactMap { address, affiliation in
            let current = self.affiliations.entries[address]?.affiliation ?? .unaffiliated
            return current == affiliation ? nil : .init(address: address, affiliation: affiliation)
        }
    }
}
