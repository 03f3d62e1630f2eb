import XML
import XMPP

/// Who may read a room's archive, and what of it (XEP-0313 §6.1.3).
extension Room {
    /// Whether what is said is archived: a room that goes when it is empty takes everything with it.
    var isArchived: Bool { self.hasArchive && !self.isTemporary }

    /// What is announced of the archive; nothing if there is none.
    var archiveFeatures: [String] {
        self.isArchived ? [Namespace.archive, Namespace.archiveExtended, Namespace.stanzaIDs] : []
    }

    /// A question to the archive; nil for any other request.
    func archiveRequest(_ iq: IQ, _ request: Element, from asker: JID) throws(StanzaError) -> Decision? {
        let isQuery = ArchiveQuery.matches(request)
        guard isQuery || ArchiveMetadata.matches(request) else { return nil }
        guard self.isArchived else {
            throw StanzaError(.serviceUnavailable, text: "nothing that is said in this room is archived")
        }
        guard self.mayRead(asker) else {
            throw StanzaError(.forbidden, text: "the archive is for those who may enter the room")
        }
        let isSet = if case .set = iq.body { true } else { false }
        switch (isQuery, isSet) {
        case (true, false):
            return .say([.iq(iq.reply(.result(ArchiveQuery(form: ArchiveFilter.form).element)))])
        case (false, true): throw StanzaError(.badRequest, text: "an archive is described, not changed")
        case (true, true), (false, false):
            return .read(
                RoomArchiveRequest(
                    room: self.address, iq: iq, query: isQuery ? request : nil,
                    seesAddresses: self.showsAddresses(to: asker)))
        }
    }

    /// Whether somebody might come in now, without a word more than his address.
    private func mayRead(_ asker: JID) -> Bool {
        let affiliation = self.affiliations[asker]
        if affiliation == .outcast { return false }
        if affiliation >= .member || self.isOccupied(by: asker.bare) { return true }
        return !self.configuration.isMembersOnly && self.configuration.password == nil
    }

    /// Whether somebody, in the room or not, may know the occupants' addresses (XEP-0045 §5.1.1, §7.2.3).
    private func showsAddresses(to asker: JID) -> Bool {
        self.configuration.isNonAnonymous || self.affiliations[asker] >= .admin
            || self.occupants.values.contains { $0.user == asker.bare && $0.role == .moderator }
    }
}
