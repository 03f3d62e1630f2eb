package import CloudModel

/// What a coordinator has asked of sites and their reports do not show yet.
///
/// Between two reports of a site a coordinator that looks only at reports sends everything there. Jicofo published
/// the incident: 92 joins in 31 s, 58 of them on one of a dozen bridges. The ledger counts a request from the moment
/// it is sent, until it is refused or until a report received after the grant shows it. A refusal brings the
/// site's true state with it, which stands until the next report.
package struct GrantLedger: Hashable, Sendable {
    /// Requests counted at once; beyond it the oldest is forgotten.
    package static let capacityLimit = 20_000
    /// How long a request counts at most, should no later report arrive: longer than any hold lasts.
    package static let retention: Duration = .seconds(300)

    private struct Entry: Hashable, Sendable {
        let resources: Resources
        let asked: Instant
        var granted: Instant?
    }

    private struct Correction: Hashable, Sendable {
        let capacity: Capacity
        let learned: Instant
    }

    private var entries: [SiteID: [ReservationID: Entry]] = [:]
    private var sites: [ReservationID: SiteID] = [:]
    private var corrections: [SiteID: Correction] = [:]

    package init() {}

    /// Counts `resources` at `site` from now on; asking again with the same id counts once.
    package mutating func asked(
        _ id: ReservationID, for resources: Resources, at site: SiteID, now: Instant
    ) {
        self.ended(id)
        if self.sites.count >= Self.capacityLimit { self.forgetOldest() }
        self.entries[site, default: [:]][id] = Entry(resources: resources, asked: now, granted: nil)
        self.sites[id] = site
    }

    /// Notes that the site has answered: any report received later includes the request.
    package mutating func granted(_ id: ReservationID, now: Instant) {
        guard let site = self.sites[id], self.entries[site]?[id]?.granted == nil else { return }
        self.entries[site]?[id]?.granted = now
    }

    /// Stops counting a request that was refused, released or found unknown.
    package mutating func ended(_ id: ReservationID) {
        guard let site = self.sites.removeValue(forKey: id) else { return }
        self.entries[site]?[id] = nil
        if self.entries[site]?.isEmpty == true { self.entries[site] = nil }
    }

    /// Takes the true state that came with a refusal.
    package mutating func corrected(_ site: SiteID, to capacity: Capacity, now: Instant) {
        self.corrections[site] = Correction(capacity: capacity, learned: now)
    }

    /// The candidate as this coordinator sees it: the later of report and correction, and what neither shows yet.
    package func candidate(
        _ description: SiteDescription, received: Instant, reachability: Reachability, now: Instant
    ) -> Candidate {
        var description = description
        var known = received
        if let correction = self.corrections[description.site], correction.learned > received {
            description.capacity = correction.capacity
            known = correction.learned
        }
        var pending = Resources.zero
        for entry in (self.entries[description.site] ?? [:]).values {
            if let granted = entry.granted, granted < known { continue }
            pending = pending + entry.resources
        }
        return Candidate(
            description: description, age: max(.zero, known.duration(to: now)), reachability: reachability,
            pending: pending)
    }

    /// Forgets what the report of `site` received at `received` shows.
    package mutating func reported(_ site: SiteID, received: Instant) {
        for (id, entry) in self.entries[site] ?? [:] {
            if let granted = entry.granted, granted < received { self.ended(id) }
        }
        if let correction = self.corrections[site], correction.learned <= received {
            self.corrections[site] = nil
        }
    }

    /// Forgets what is older than `retention`.
    package mutating func expire(now: Instant) {
        for (id, site) in self.sites {
            guard let entry = self.entries[site]?[id] else { continue }
            if entry.asked.duration(to: now) > Self.retention { self.ended(id) }
        }
        self.corrections = self.corrections.filter { $0.value.learned.duration(to: now) <= Self.retention }
    }

    private mutating func forgetOldest() {
        let all = self.entries.values.flatMap { $0 }
        let oldest = all.min { ($0.value.asked, $0.key) < ($1.value.asked, $1.key) }
        if let oldest { self.ended(oldest.key) }
    }
}
