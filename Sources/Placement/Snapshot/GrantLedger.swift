package import CloudModel

/// What a coordinator has asked of sites and their reports do not show yet.
///
/// Between two reports of a site a coordinator that looks only at reports sends everything there. Jicofo published
/// the incident: 92 joins in 31 s, 58 of them on one of a dozen bridges. The ledger counts a request from the moment
/// it is sent, until it is refused or until a report shows it: one that has counted as many of the site's changes as
/// the site had when it granted, or, of a site that does not tell, one received after the grant. A refusal brings the
/// site's true state with it, which stands until the next report.
package struct GrantLedger: Hashable, Sendable {
    /// Requests counted at once; beyond it the oldest is forgotten.
    package static let capacityLimit = 100_000
    /// How long a request counts at most, should no later report arrive: longer than any hold lasts.
    package static let retention: Duration = .seconds(300)

    private struct Entry: Hashable, Sendable {
        let resources: Resources
        let asked: Instant
        var granted: Instant?
        /// How many changes the site had counted when it granted; nil if it did not tell.
        var generation: Int?

        /// Whether what is known of the site shows the request.
        ///
        /// Decided by the number with which the site counts its changes, as a report may have been on its way for long;
        /// by time where that does not tell. Nothing that was known before the request was made can show it, whatever
        /// its number: a site that has lost its database counts anew.
        func isShown(by known: Known) -> Bool {
            guard let granted else { return false }
            guard let generation, let reached = known.generation else { return granted < known.learned }
            return reached >= generation && known.learned >= self.asked
        }
    }

    /// What is known of a site: when it was learned, and how many changes the site had counted by then.
    private struct Known: Hashable, Sendable {
        let learned: Instant
        let generation: Int?

        init(_ report: Capacity, received: Instant) {
            self.learned = received
            self.generation = report.generation
        }

        init(_ correction: Correction) {
            self.init(correction.capacity, received: correction.learned)
        }
    }

    private struct Correction: Hashable, Sendable {
        let capacity: Capacity
        let learned: Instant
    }

    private struct Account: Hashable, Sendable {
        private(set) var entries: [ReservationID: Entry] = [:]
        var correction: Correction?
        /// What all entries ask for together.
        private var sum = Resources.zero
        /// No entry was granted before this moment; nil if none is known to be granted.
        private var firstGrant: Instant?
        /// The same of those for which the site did not tell how many changes it had counted.
        private var firstUntold: Instant?
        /// For no entry had the site counted fewer changes; nil if none is known to be granted with their number.
        private var lowestGeneration: Int?

        var isEmpty: Bool { self.entries.isEmpty && self.correction == nil }

        mutating func set(_ entry: Entry?, for id: ReservationID) {
            if let before = self.entries[id] { self.sum = self.sum - before.resources }
            self.entries[id] = entry
            guard let entry else { return }
            self.sum = self.sum + entry.resources
            self.note(entry)
        }

        private mutating func note(_ entry: Entry) {
            guard let granted = entry.granted else { return }
            self.firstGrant = min(granted, self.firstGrant ?? granted)
            if let generation = entry.generation {
                self.lowestGeneration = min(generation, self.lowestGeneration ?? generation)
            } else {
                self.firstUntold = min(granted, self.firstUntold ?? granted)
            }
        }

        /// Whether any entry can show in what is known: spares a look at each.
        private func mayShow(in known: Known) -> Bool {
            guard let reached = known.generation else {
                return self.firstGrant.map { $0 < known.learned } ?? false
            }
            return self.lowestGeneration.map { $0 <= reached } ?? false
                || self.firstUntold.map { $0 < known.learned } ?? false
        }

        /// Drops what shows in what is known and says which requests those were.
        mutating func settle(by known: Known) -> [ReservationID] {
            guard self.mayShow(in: known) else { return [] }
            let settled = self.entries.filter { $0.value.isShown(by: known) }
            for id in settled.keys { self.set(nil, for: id) }
            (self.firstGrant, self.firstUntold, self.lowestGeneration) = (nil, nil, nil)
            for entry in self.entries.values { self.note(entry) }
            return Array(settled.keys)
        }

        /// What a refusal said, if it is a later account of the site than its report.
        ///
        /// Decided by the number with which the site counts its changes, as a report may have been on its way for long;
        /// by time where that does not tell.
        func correction(laterThan report: Capacity, received: Instant) -> Correction? {
            guard let correction = self.correction else { return nil }
            if let told = correction.capacity.generation, let reported = report.generation, told != reported {
                return told > reported ? correction : nil
            }
            return correction.learned > received ? correction : nil
        }

        /// What is asked for and does not show in what is known.
        func pending(since known: Known) -> Resources {
            guard self.mayShow(in: known) else { return self.sum }
            return self.entries.values.reduce(.zero) { sum, entry in
                entry.isShown(by: known) ? sum : sum + entry.resources
            }
        }
    }

    /// What to forget when its time has come: a request, or what a site's refusal said.
    private struct Term: Hashable, Sendable {
        enum Subject: Hashable, Sendable {
            case request(ReservationID)
            case correction(SiteID)
        }

        let subject: Subject
        let began: Instant
    }

    private var accounts: [SiteID: Account] = [:]
    private var sites: [ReservationID: SiteID] = [:]
    /// In the order in which they began; those before `firstTerm` are dealt with.
    private var terms: [Term] = []
    private var firstTerm = 0
    private var changes = Changes()

    package init() {}

    /// Counts `resources` at `site` from now on; asking again with the same id counts once.
    package mutating func asked(
        _ id: ReservationID, for resources: Resources, at site: SiteID, now: Instant
    ) {
        self.ended(id)
        while self.sites.count >= Self.capacityLimit, self.endOldest() {}
        self.accounts[site, default: Account()].set(
            Entry(resources: resources, asked: now, granted: nil), for: id)
        self.sites[id] = site
        self.begin(.request(id), now: now)
        self.changes.note(site)
    }

    /// Notes that the site has answered, and how many changes it had counted by then: a report is taken to include the
    /// request if it has counted as many.
    ///
    /// Without `generation`, or of a report without one, any that is received later is taken to; one that was signed
    /// before and comes late does not, and ends the count too soon. A site that has lost its database may take long to
    /// count as far again: what it granted before then counts for `retention`.
    package mutating func granted(_ id: ReservationID, now: Instant, generation: Int? = nil) {
        guard let site = self.sites[id], var entry = self.accounts[site]?.entries[id], entry.granted == nil
        else { return }
        entry.granted = now
        entry.generation = generation
        self.accounts[site]?.set(entry, for: id)
        self.changes.note(site)
    }

    /// Stops counting a request that was refused, released or found unknown.
    package mutating func ended(_ id: ReservationID) {
        guard let site = self.sites.removeValue(forKey: id) else { return }
        self.accounts[site]?.set(nil, for: id)
        self.settle(site)
    }

    /// Takes the true state that came with a refusal.
    package mutating func corrected(_ site: SiteID, to capacity: Capacity, now: Instant) {
        self.accounts[site, default: Account()].correction = Correction(capacity: capacity, learned: now)
        self.begin(.correction(site), now: now)
        self.changes.note(site)
    }

    /// The candidate as this coordinator sees it: the later of report and correction, and what neither shows yet.
    package func candidate(
        _ description: SiteDescription, received: Instant, reachability: Reachability, now: Instant
    ) -> Candidate {
        guard let account = self.accounts[description.site] else {
            return Candidate(
                description: description, age: max(.zero, received.duration(to: now)),
                reachability: reachability)
        }
        let correction = account.correction(laterThan: description.capacity, received: received)
        var description = description
        if let correction { description.capacity = correction.capacity }
        let known = correction.map { Known($0) } ?? Known(description.capacity, received: received)
        return Candidate(
            description: description, age: max(.zero, known.learned.duration(to: now)),
            reachability: reachability, pending: account.pending(since: known))
    }

    /// When what is known of the site was learned: from its report, or from a later refusal.
    func known(of description: SiteDescription, received: Instant) -> Instant {
        self.accounts[description.site]?.correction(laterThan: description.capacity, received: received)?
            .learned
            ?? received
    }

    /// Forgets what a site's report, received at `received`, shows.
    package mutating func reported(_ description: SiteDescription, received: Instant) {
        let site = description.site
        guard self.accounts[site] != nil else { return }
        let before = self.accounts[site]?.correction
        let correction = self.accounts[site]?.correction(laterThan: description.capacity, received: received)
        let known = correction.map { Known($0) } ?? Known(description.capacity, received: received)
        let settled = self.accounts[site]?.settle(by: known) ?? []
        for id in settled { self.sites[id] = nil }
        let isChanged = !settled.isEmpty || correction != before
        self.accounts[site]?.correction = correction
        if isChanged { self.settle(site) }
    }

    /// Forgets what is older than `retention`.
    package mutating func expire(now: Instant) {
        while self.firstTerm < self.terms.count {
            let term = self.terms[self.firstTerm]
            guard term.began.duration(to: now) > Self.retention else { return }
            self.firstTerm += 1
            self.end(term)
        }
    }

    /// The sites whose count or correction is another since the last call; nil if too many changed to be named.
    package mutating func takeChanges() -> Set<SiteID>? {
        defer { self.changes = Changes() }
        return self.changes.sites
    }

    private mutating func settle(_ site: SiteID) {
        if self.accounts[site]?.isEmpty == true { self.accounts[site] = nil }
        self.changes.note(site)
    }

    private mutating func begin(_ subject: Term.Subject, now: Instant) {
        // What ended before its time leaves its term behind; when those are the most, they are cleared away.
        if self.terms.count > 2 * (self.sites.count + self.accounts.count) + 1_024 {
            self.terms = self.terms[self.firstTerm...].filter { self.isCurrent($0) }
            self.firstTerm = 0
        }
        self.terms.append(Term(subject: subject, began: now))
    }

    private func isCurrent(_ term: Term) -> Bool {
        switch term.subject {
        case .request(let id):
            self.sites[id].flatMap { self.accounts[$0]?.entries[id]?.asked } == term.began
        case .correction(let site):
            self.accounts[site]?.correction?.learned == term.began
        }
    }

    private mutating func end(_ term: Term) {
        guard self.isCurrent(term) else { return }
        switch term.subject {
        case .request(let id): self.ended(id)
        case .correction(let site):
            self.accounts[site]?.correction = nil
            self.settle(site)
        }
    }

    /// Forgets the request that began first; false if there is none.
    private mutating func endOldest() -> Bool {
        while self.firstTerm < self.terms.count {
            let term = self.terms[self.firstTerm]
            self.firstTerm += 1
            guard case .request = term.subject, self.isCurrent(term) else {
                self.end(term)
                continue
            }
            self.end(term)
            return true
        }
        return false
    }
}

extension GrantLedger {
    /// The sites that changed, as long as they are few enough to be worth naming.
    private struct Changes: Hashable, Sendable {
        private static let limit = 4_096

        private(set) var sites: Set<SiteID>? = []

        mutating func note(_ site: SiteID) {
            self.sites?.insert(site)
            if let count = self.sites?.count, count > Self.limit { self.sites = nil }
        }
    }
}
