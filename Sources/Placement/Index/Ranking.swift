import CloudModel

/// The sites in the order of their cost for requests that are alike.
///
/// The part of the cost that lasts (latency, price, carbon) is worked out once; load, room and standing are looked at
/// when a site has changed. As long as nothing is heard of a site, its cost can only rise, because what is known of
/// it fades: so only those that come out best need a second look, and most sites are never looked at.
struct Ranking: Sendable {
    /// What requests have in common that share a ranking.
    struct Kind: Hashable, Sendable {
        let terms: CostTerms
        let audience: Audience
        /// Those that do not depend on the request's own surroundings.
        let constraints: [Constraint]
    }

    /// What lasts of a site: its cost without load and room, and whether it meets the constraints.
    struct Lasting: Sendable {
        let cost: Double
        let isEligible: Bool
    }

    /// A site's figures in the plan that is being made.
    struct Override {
        var figures: SiteFigures
        var replicas: Int
        /// Whether the request rules the site out, or it is set aside for a moment.
        var isOut: Bool
    }

    let kind: Kind
    private let scale: FreshnessScale
    private var lasting: [Lasting]
    private var tournament: Tournament
    /// The number of the first change that is not taken in.
    private(set) var cursor: Int
    /// No key is of a later moment, in milliseconds since 1970.
    private var now: Int64

    init(
        _ kind: Kind, scale: FreshnessScale, lasting: [Lasting], over register: SiteRegister, cursor: Int,
        now: Int64
    ) {
        self.kind = kind
        self.scale = scale
        self.lasting = lasting
        self.cursor = cursor
        self.now = now
        self.tournament = Tournament([])
        self.rank(register)
    }

    /// Takes in what has changed; nil for `changes` if too much has.
    mutating func catchUp(
        _ changes: ArraySlice<ChangeLog.Change>, cursor: Int, over register: SiteRegister, now: Int64,
        lasting: (Int) -> Lasting
    ) {
        self.cursor = cursor
        for change in changes where change.isLasting { self.lasting[change.index] = lasting(change.index) }
        // Costs only rise with time: should the clock have been set back, none of the keys can be trusted.
        if now < self.now || changes.count > register.count / 2 {
            self.now = now
            self.tournament.setAll { [self] in self.key($0, register.figures[$0], register.standings[$0]) }
            return
        }
        self.now = now
        for change in changes { self.look(at: change.index, register) }
    }

    /// The best site now, with the figures of `overrides` where there are such; nil if none takes a replica.
    mutating func best(
        _ register: SiteRegister, _ overrides: [Int: Override], limit: ReplicaLimit
    ) -> (
        index: Int, key: Tournament.Key
    )? {
        while let index = self.tournament.best {
            let held = self.tournament.key(of: index)
            guard held.rank < Tournament.Key.out else { return nil }
            let key = self.key(index, register, overrides[index], limit: limit)
            if key == held { return (index, key) }
            self.tournament.set(index, to: key)
        }
        return nil
    }

    mutating func look(
        at index: Int, _ register: SiteRegister, _ override: Override? = nil, limit: ReplicaLimit = .none
    ) {
        self.tournament.set(index, to: self.key(index, register, override, limit: limit))
    }

    private mutating func rank(_ register: SiteRegister) {
        self.tournament = Tournament(
            self.lasting.indices.map { self.key($0, register.figures[$0], register.standings[$0]) })
    }

    private func key(
        _ index: Int, _ register: SiteRegister, _ override: Override?, limit: ReplicaLimit
    ) -> Tournament.Key {
        guard let override else {
            return self.key(index, register.figures[index], register.standings[index])
        }
        guard !override.isOut, limit.allowsMore(than: override.replicas, hosts: override.figures.hosts) else {
            return .isOut
        }
        return self.key(index, override.figures, register.standings[index])
    }

    private func key(
        _ index: Int, _ figures: SiteFigures, _ standing: SiteRegister.Standing
    ) -> Tournament.Key {
        let lasting = self.lasting[index]
        let age = max(0, self.now - standing.known)
        guard lasting.isEligible, standing.rank < Tournament.Key.out,
            !self.scale.isUseless(ageMilliseconds: age),
            figures.hasRoom(for: self.kind.terms.resources)
        else { return .isOut }
        let freshness = self.scale.freshness(ageMilliseconds: age)
        let cost = self.kind.terms.total(lasting.cost, figures, freshness: freshness)
        // One that is not a number is not even equal to itself: the best would be looked for without end.
        guard cost.isFinite else { return .isOut }
        return Tournament.Key(rank: standing.rank, cost: cost)
    }
}
