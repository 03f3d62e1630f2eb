package import CloudModel

/// A reservation with the host whose room it holds.
package struct SiteReservation: Hashable, Sendable {
    package var reservation: Reservation
    package let host: String
    /// How long it was asked to be held; part of what makes a second request the same.
    package let heldFor: Duration

    package init(reservation: Reservation, host: String, heldFor: Duration) {
        self.reservation = reservation
        self.host = host
        self.heldFor = heldFor
    }
}
