/// All that is kept of a room.
package struct StoredRoom: Hashable, Sendable {
    package var room: RoomRecord
    /// By address.
    package var affiliations: [RoomAffiliationRecord]
    package var subject: RoomSubjectRecord?

    package init(room: RoomRecord, affiliations: [RoomAffiliationRecord], subject: RoomSubjectRecord?) {
        self.room = room
        self.affiliations = affiliations
        self.subject = subject
    }
}
