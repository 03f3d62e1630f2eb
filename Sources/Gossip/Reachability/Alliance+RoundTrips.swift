package import CloudModel

extension Alliance {
    /// The smoothed round trips that are worth telling others: to members that own capacity, at most `limit`.
    ///
    /// Those to the members that follow this site in the order of addresses, after the last the first. Where
    /// there are no more than `2 × limit + 1` such sites, one end or the other so tells every path.
    package func roundTrips(atMost limit: Int) -> [(site: SiteID, time: Duration)] {
        let measured = self.membership.sites(.member).compactMap { site -> (site: SiteID, time: Duration)? in
            guard self.membership[site: site]?.role != .coordinator,
                let time = self.roundTrip(to: site).smoothed
            else { return nil }
            return (site, time)
        }
        let following = measured.filter { self.own < $0.site } + measured.filter { $0.site < self.own }
        return Array(following.prefix(limit))
    }
}
