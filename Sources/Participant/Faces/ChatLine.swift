import XMPP

/// One line to be answered: what was said, by whom, and where.
struct ChatLine: Hashable, Sendable {
    enum Place: Hashable, Sendable {
        /// From one's own address to ours.
        case direct
        /// In a room before everybody, to us as `ours`.
        case room(speaker: String, ours: String)
        /// Through a room, to us alone.
        case aside
    }

    let message: Message
    /// The address it came from: of a client, or of somebody in a room.
    let sender: JID
    /// The line without our name before it.
    let text: String
    /// Who is answered and may act, a bare address; nil for somebody in a room who may be anybody.
    let person: JID?
    let place: Place

    /// Whose lines wait for each other and are counted together: in a room all whom we do not know are one.
    var party: JID { self.person ?? self.sender.bare }
}
