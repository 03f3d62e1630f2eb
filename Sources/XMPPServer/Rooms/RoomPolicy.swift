package import XMPP

/// How a rooms service is run.
package struct RoomPolicy: Hashable, Sendable {
    /// Who may make rooms.
    package enum Creators: Hashable, Sendable {
        case anyone
        /// The accounts of these domains, and the domains themselves.
        case accounts(of: Set<String>)
        /// These bare JIDs.
        case only(Set<JID>)

        package func include(_ user: JID) -> Bool {
            switch self {
            case .anyone: true
            case .accounts(let domains): domains.contains(user.domain)
            case .only(let users): users.contains(user.bare)
            }
        }
    }

    /// What the service is called where it is listed.
    package var name: String
    package var creators: Creators
    /// What a new room is like until its owner says otherwise.
    package var newRoom: RoomConfiguration

    package init(
        name: String = "Rooms", creators: Creators, newRoom: RoomConfiguration = RoomConfiguration()
    ) {
        self.name = name
        self.creators = creators
        self.newRoom = newRoom
    }
}
