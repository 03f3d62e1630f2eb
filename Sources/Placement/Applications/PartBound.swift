package import CloudModel

/// What another part of an application asks of the distance to one.
package struct PartBound: Hashable, Sendable {
    /// The part that asks, as workloads call it: `shop-api`.
    package let name: String
    /// The longest round trip from each of its replicas to the nearest one of the other part.
    package let milliseconds: Double
    /// Where it is, or could be.
    package let sites: [SiteID: Int]

    package init(name: String, milliseconds: Double, sites: [SiteID: Int]) {
        self.name = name
        self.milliseconds = milliseconds
        self.sites = sites
    }

    /// What the log of a workload says whose replica is at `site`, too far from a replica at `far`; `way` is the
    /// shortest round trip in milliseconds, nil if it is not known.
    package func remark(on replica: Int, at site: SiteID, far: SiteID, way: Double?) -> KeepingNote {
        let time = way.map { Figure.short($0.rounded(.up)) + " ms" } ?? "an unknown time"
        return KeepingNote(
            .waiting, replica: replica, site: site,
            "is at \(site) although a round trip to \(self.name) at \(far) takes \(time) "
                + "and at most \(Figure.short(self.milliseconds)) ms was asked for: no site near enough could take it"
        )
    }
}
