import CloudModel
import Placement
import Synchronization

/// One coordinator's knowledge and the sites it places on, all in this process and used by several callers.
///
/// The claim is a site's own: it counts what it has given away and refuses when there is no more.
final class SharedIndex: Sendable {
    private struct Desk {
        var index = SiteIndex()
        var generator = SystemRandomNumberGenerator()
        var choice = ChoiceWidth()
    }

    private let desk: Mutex<Desk>
    private let sites: [SiteID: Int]
    private let granted: Mutex<[DrillSite]>
    private let start = ContinuousClock.now
    private let workload: WorkloadID

    /// Sites that have all reported within the last ten seconds.
    init(_ sites: [DrillSite], workload: WorkloadID) {
        self.workload = workload
        self.sites = Dictionary(
            sites.enumerated().map { ($1.description.site, $0) }, uniquingKeysWith: { first, _ in first })
        self.granted = Mutex(sites)
        var desk = Desk()
        for site in sites {
            desk.index.update(
                site.description, received: Instant(millisecondsSinceEpoch: 0), reachability: .reachable)
        }
        self.desk = Mutex(desk)
    }

    /// The time since the start, by which everything here is dated.
    private var now: Instant {
        Instant(millisecondsSinceEpoch: (ContinuousClock.now - self.start).wholeMilliseconds)
    }

    /// Decides and claims until a site has said yes; the refusals on the way, nil if there is no room anywhere.
    func place(_ specification: WorkloadSpecification, number: UInt64) throws -> Int? {
        var request = PlanRequest(specification)
        for attempt in 0..<PlacementSaga.attemptLimit {
            let now = self.now
            let id = ReservationID(derivedFrom: self.workload, path: [number, UInt64(attempt)])
            let chosen = try self.desk.withLock { desk in
                let breadth = SiteIndex.breadth(after: attempt, usual: desk.choice.width)
                let site = try desk.index.choose(
                    request, breadth: breadth, now: now, using: &desk.generator)?.first?.site
                desk.choice.chosen()
                if let site {
                    desk.index.withLedger {
                        $0.asked(id, for: specification.resources, at: site, now: now)
                    }
                }
                return site
            }
            guard let chosen, let place = self.sites[chosen] else { return nil }
            let refusal = self.granted.withLock { sites in
                sites[place].take() ? nil : sites[place].report.capacity
            }
            self.desk.withLock { desk in
                if refusal != nil { desk.choice.refused() }
                desk.index.withLedger { ledger in
                    guard let refusal else { return ledger.granted(id, now: now) }
                    ledger.ended(id)
                    ledger.corrected(chosen, to: refusal, now: now)
                }
            }
            if refusal == nil { return attempt }
            request.excluded[chosen] = "full"
        }
        return nil
    }

    /// Lets the site of that number report.
    func report(_ number: Int) {
        let description = self.granted.withLock { $0[number].report }
        let now = self.now
        self.desk.withLock { $0.index.update(description, received: now, reachability: .reachable) }
    }

    /// Whether no site has given away more than it has.
    var isSound: Bool {
        self.granted.withLock { sites in sites.allSatisfy { $0.report.capacity.free.vcpus >= 0 } }
    }
}
