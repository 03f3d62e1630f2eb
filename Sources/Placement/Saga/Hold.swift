package import CloudModel

/// A reservation asked of a site for one replica.
package struct Hold: Hashable, Codable, Sendable {
    package let site: SiteID
    package let reservation: ReservationID

    package init(site: SiteID, reservation: ReservationID) {
        self.site = site
        self.reservation = reservation
    }
}
