import CloudModel
import Federation
import Gossip
import Placement

/// How much longer the way to the users is than it need be, because it was predicted and not measured.
///
/// Some of the regions have a site; users are in all of them. What a coordinator knows is where the
/// sites are, where the users are, and what each site tells of the ways to other sites, which is as much as `Alliance`
/// lets it tell. No way to users was measured. The coordinator's index chooses by latency alone; what was measured
/// from the site's region to those of the users then says what the choice was worth.
struct RegretDrill {
    enum Knowledge: Sendable {
        /// Ways between the sites correct what follows from the distance.
        case told
        /// The distance is all there is.
        case distance
    }

    /// For each audience, how much longer the way is than to the best site, as a share of the latter.
    private(set) var regrets: [Double] = []

    init(
        _ audiences: [CountryAudiences.Shares], sites places: [Int], knowledge: Knowledge = .told,
        tables: RegionTables, using generator: inout some RandomNumberGenerator
    ) throws {
        let names = Dictionary(
            places.map { (Self.site(tables.regions[$0]), $0) }, uniquingKeysWith: { first, _ in first })
        let roundTrips = try knowledge == .told ? Self.told(places, tables) : RoundTrips()
        var index = SiteIndex()
        index.replace(
            sites: places.map { (Self.description(tables.regions[$0]), Self.start, .reachable) },
            unheard: [], roundTrips: roundTrips, landmarks: [:])
        for audience in audiences {
            let request = PlanRequest(
                DrillWorkload.specification(
                    near: audience.regions.map { (.position(tables.regions[$0.number].position), $0.share) },
                    objectives: Objectives(latency: 1, load: 0, room: 0)))
            let chosen = try index.choose(request, now: Self.start, using: &generator)?.first?.site
            guard let chosen, let place = names[chosen] else {
                throw BenchmarkFailure("no site was chosen for the users of \(audience.country)")
            }
            let means = places.map { Self.mean(from: $0, to: audience, tables) }
            guard let best = means.min() else { continue }
            self.regrets.append(Self.mean(from: place, to: audience, tables) / best - 1)
        }
    }

    private static let start = Instant(millisecondsSinceEpoch: 1_000_000)

    private static func site(_ region: RegionTables.Region) -> SiteID {
        SiteID("\(region.name).example")
    }

    private static func description(_ region: RegionTables.Region) -> SiteDescription {
        DrillSite(
            "\(region.name).example", places: 1_000, each: DrillWorkload.size, position: region.position
        )
        .report
    }

    /// The mean way from a region to users, as it was measured.
    private static func mean(
        from place: Int, to audience: CountryAudiences.Shares, _ tables: RegionTables
    ) -> Double {
        audience.regions.reduce(0) { $0 + $1.share * tables.roundTrips[place][$1.number] }
    }

    /// What the sites tell each other once every one of them has pinged all others.
    private static func told(_ places: [Int], _ tables: RegionTables) throws -> RoundTrips {
        guard let key = SiteKey(bytes: Array(repeating: 0, count: SiteKey.length)) else {
            throw BenchmarkFailure("a key has another length than it says")
        }
        var roundTrips = RoundTrips()
        for place in places {
            let own = Self.site(tables.regions[place])
            var alliance = Gossip.Alliance(own: own, key: key, incarnation: 1, proofs: NoRows())
            let others = places.filter { $0 != place }
            let members = others.map {
                Member(
                    site: Self.site(tables.regions[$0]), standing: .member, role: .agent, since: Self.start)
            }
            _ = alliance.restore(members: members, rows: [], now: Self.start)
            for other in others {
                _ = alliance.pingAnswered(
                    by: Self.site(tables.regions[other]),
                    after: .microseconds(Int64(tables.roundTrips[place][other] * 1_000)), now: Self.start)
            }
            for path in alliance.roundTrips(atMost: WireLimits.roundTrips) {
                roundTrips.note(path.time / .milliseconds(1), claimedBetween: own, and: path.site)
            }
        }
        return roundTrips
    }
}

/// For an alliance in which nobody publishes anything.
private struct NoRows: RowProofs {
    func sign(_ bytes: [UInt8]) -> [UInt8] { [] }

    func isSigned(_ row: Row, by key: SiteKey) -> Bool { false }

    func problem(in row: Row) -> String? { nil }
}
