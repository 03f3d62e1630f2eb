import CloudModel
import Placement
import Storage

/// Finding sites for replicas.
extension CoordinatorState {
    /// The best sites for what is asked, or for all of it none and why; what is chosen counts once it is asked for.
    ///
    /// Only where there is no site is every one looked at, for the reasons.
    mutating func choose(
        _ request: PlanRequest, refusals: Int = 0, now: Instant, _ planner: Planner,
        using generator: inout some RandomNumberGenerator
    ) throws(SpecificationError) -> Choice {
        let breadth = SiteIndex.breadth(after: refusals, usual: self.choice.width)
        if let assignments = try self.siteIndex.choose(request, breadth: breadth, now: now, using: &generator)
        {
            self.choice.chosen()
            return .sites(assignments)
        }
        let plan = try planner.plan(request, over: self.siteIndex.snapshot(now: now))
        return plan.isComplete ? .sites(plan.assignments) : .nowhere(plan)
    }

    /// Looks for a site for one replica, in place of those that turned it away: what that means for its saga.
    ///
    /// Bounds of other parts are kept, except that what must be placed anew is rather too far from them than nowhere.
    /// One that could not be asked is asked again only if no other site will do.
    mutating func search(
        for replica: Int, of placement: StoredPlacement, turn: Int, now: Instant, _ planner: Planner,
        using generator: inout some RandomNumberGenerator
    ) -> PlacementSaga.Event {
        let searching = placement.saga.replicas[replica]
        let specification = placement.specification(of: searching)
        let request = self.keptApart(
            PlanRequest(
                specification: specification, replicas: [replica], placed: placement.saga.sites,
                excluded: searching.excluded,
                neighbours: self.neighbours(of: specification, ownedBy: placement.owner)),
            ownedBy: placement.owner)
        do throws(SpecificationError) {
            var bounded = self.bounded(request, for: replica, of: placement)
            if searching.keeping == nil {
                bounded = try self.leavingRoom(bounded, for: placement, now: now, planner)
            }
            // Whether it keeps the bounds was seen when it was chosen.
            let destination = searching.keeping?.destination.map {
                (searching.mayGoTooFar ? request : bounded).limited(to: $0)
            }
            if let destination,
                case .sites(let assignments) = try self.choose(
                    destination, now: now, planner, using: &generator),
                let site = assignments.first?.site
            {
                return .planned(site: site, turn: turn)
            }
            var choice = try self.choose(
                bounded, besides: searching.postponed, refusals: searching.attempts.count, now: now, planner,
                using: &generator)
            if case .nowhere = choice,
                let less = try self.lessBounded(
                    request, than: bounded, for: replica, of: placement, now: now, planner)
            {
                choice = try self.choose(
                    less, besides: searching.postponed, refusals: searching.attempts.count, now: now, planner,
                    using: &generator)
            }
            switch choice {
            case .sites(let assignments):
                guard let site = assignments.first?.site else { break }
                return .planned(site: site, turn: turn)
            case .nowhere(let plan):
                let reasons = plan.verdicts.filter { searching.excluded[$0.site] == nil }.map(\.line)
                if !reasons.isEmpty {
                    return .unplaceable(reason: Plan.inShort(reasons), turn: turn)
                }
            }
            return .unplaceable(reason: "no other site is known", turn: turn)
        } catch {
            return .unplaceable(reason: error.description, turn: turn)
        }
    }

    /// The best sites, and those that could not be asked only if no other one will do.
    private mutating func choose(
        _ request: PlanRequest, besides postponed: [SiteID], refusals: Int, now: Instant, _ planner: Planner,
        using generator: inout some RandomNumberGenerator
    ) throws(SpecificationError) -> Choice {
        if !postponed.isEmpty {
            var elsewhere = request
            for site in postponed { elsewhere.excluded[site] = "could not be asked" }
            let breadth = SiteIndex.breadth(after: refusals, usual: self.choice.width)
            let assignments = try self.siteIndex.choose(
                elsewhere, breadth: breadth, now: now, using: &generator)
            if let assignments {
                self.choice.chosen()
                return .sites(assignments)
            }
        }
        return try self.choose(request, refusals: refusals, now: now, planner, using: &generator)
    }

    /// Room at a site that counts as asked for, under a number, until it is asked for or given up.
    struct Room {
        let id: ReservationID
        let site: SiteID
    }

    /// Looks for a site that would take the replica if it were placed anew now, and counts the room there as asked for,
    /// so that nobody else gives up a machine for the same room; nil if there is none.
    ///
    /// `others` are replicas of the workload for which room was found just before, which count for the spread.
    mutating func findRoom(
        for replica: Int, of placement: StoredPlacement, besides others: [SiteID: Int] = [:], now: Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Room? {
        let specification = placement.specification(of: placement.saga.replicas[replica])
        let request = self.keptApart(
            PlanRequest(
                specification: specification, replicas: [replica],
                placed: placement.saga.sites(without: replica).merging(others, uniquingKeysWith: +),
                excluded: placement.saga.replicas[replica].barred,
                neighbours: self.neighbours(of: specification, ownedBy: placement.owner)),
            ownedBy: placement.owner)
        let bounded = self.bounded(request, for: replica, of: placement)
        do throws(SpecificationError) {
            var found = try self.siteIndex.choose(bounded, now: now, using: &generator)?.first
            if found == nil, !bounded.bounds.isEmpty {
                found = try self.siteIndex.choose(request, now: now, using: &generator)?.first
            }
            guard let found else { return nil }
            let id = placement.saga.reservationAfterMove(of: replica)
            self.withLedger {
                $0.asked(id, for: placement.specification.resources, at: found.site, now: now)
            }
            return Room(id: id, site: found.site)
        } catch {
            return nil
        }
    }

    /// What became of a search for sites.
    enum Choice {
        /// One for each replica.
        case sites([Plan.Assignment])
        /// What speaks against which site.
        case nowhere(Plan)
    }

    /// Takes in what the federation knows; a site that left a request unanswered a moment ago counts as out of reach.
    mutating func learn(_ view: AllianceView, now: Instant) {
        let silence = self.silence
        self.siteIndex.replace(
            sites: view.sites.map { site in
                (
                    site.description, site.received,
                    silence.reachability(
                        of: site.description.site, heardAs: site.reachability, now: now)
                )
            }, unheard: view.unheard, roundTrips: view.roundTrips, landmarks: view.landmarks)
    }

    /// All that is known of the sites, for a plan that explains.
    mutating func snapshot(now: Instant) -> PlacementSnapshot { self.siteIndex.snapshot(now: now) }

    /// Where the other workloads of `owner` are that the specification names; those of others stay unknown to him.
    func neighbours(
        of specification: WorkloadSpecification, ownedBy owner: String
    ) -> [String: [SiteID: Int]] {
        self.neighbours(named: specification.namedWorkloads, ownedBy: owner)
    }

    /// Where the workloads of `owner` are that have these names.
    func neighbours(named names: Set<String>, ownedBy owner: String) -> [String: [SiteID: Int]] {
        var neighbours: [String: [SiteID: Int]] = [:]
        for name in names.sorted() {
            let found = self.part(called: name) ?? self.workload(ofName: name)
            guard let other = found, other.owner == owner else { continue }
            neighbours[name] = other.saga.sites
        }
        return neighbours
    }

    /// Changes what counts of this coordinator's own requests.
    mutating func withLedger(_ change: (inout GrantLedger) -> Void) { self.siteIndex.withLedger(change) }

    /// Counts what the directives are about to ask for, so that the next plan knows.
    mutating func count(_ directives: [PlacementSaga.Directive], of resources: Resources, now: Instant) {
        for case .reserve(_, let hold, _) in directives {
            self.withLedger { $0.asked(hold.reservation, for: resources, at: hold.site, now: now) }
        }
    }
}
