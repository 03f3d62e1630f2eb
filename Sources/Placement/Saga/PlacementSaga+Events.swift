package import CloudModel

extension PlacementSaga {
    /// What can happen to one replica.
    package enum Event: Hashable, Sendable {
        /// A plan has found a site.
        case planned(site: SiteID, turn: Int)
        /// A plan has found none.
        case unplaceable(reason: String, turn: Int)
        /// The answer to a request to reserve, to release or to say what became of a reservation.
        case reservation(Reservation)
        /// The site says that it knows no such reservation.
        case unknown(ReservationID, turn: Int)
        /// The request was not sent, or not taken up, which says nothing of the site's room.
        case notAsked(ReservationID, turn: Int, reason: String)
        /// The site refused what was asked.
        case refused(ReservationID, turn: Int, reason: String)
        /// The site holds something else than was asked for, or made it of the reservation; whether the lease is
        /// another one, too.
        case unfit(ReservationID, machine: MachineID?, isUnleased: Bool, reason: String)
        /// The machine that a reservation was turned into.
        case committed(ReservationID, Machine)
        /// No answer came in time; what was asked may have happened.
        case silent(turn: Int, reason: String)
        /// A site told, unasked, what state a machine is in.
        case reported(Machine)
        /// The site has deleted the machine, or has none of that number.
        case deleted(MachineID)
        /// The site has taken the order to delete the machine.
        case doomed(MachineID)
        /// The site cannot start the machine: something is wrong with it, or there is none.
        case startRefused(MachineID, reason: String)
        /// The site would not start the machine, which says nothing about the machine.
        case startDeclined(MachineID, reason: String)
        /// Whether the site started the machine is not known.
        case startUnanswered(MachineID, reason: String)
    }

    /// What to do next for one replica; the coordinator carries it out after it has stored the saga.
    package enum Directive: Hashable, Sendable {
        case plan(replica: Int, turn: Int)
        /// The same once a site that could not be asked had time.
        case planLater(replica: Int, turn: Int, after: Duration)
        case reserve(replica: Int, Hold, turn: Int)
        case query(replica: Int, Hold, turn: Int, after: Duration)
        case commit(replica: Int, Hold, turn: Int, after: Duration)
        case release(replica: Int, Hold, turn: Int, after: Duration)
        case delete(replica: Int, Hold, MachineID, turn: Int, after: Duration)
        /// Starts a machine that ended by itself; may be repeated, as a site leaves one alone that runs.
        case start(replica: Int, Hold, MachineID)
        /// Deletes a machine that the replica has left behind; asked again until the site says that it is gone.
        case retire(replica: Int, Hold, MachineID)
        /// A machine that claims to be this replica runs where none should: say so, touch nothing.
        case warn(replica: Int, Machine)
    }
}
