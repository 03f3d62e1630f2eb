import CloudModel

/// The sites of an index in the order of their addresses, each known by its index there.
struct SiteRegister: Sendable {
    struct Entry: Sendable {
        var description: SiteDescription
        var received: Instant
        var reachability: Reachability
    }

    /// What decides at any moment whether a site takes work: small enough to be looked at by the thousand.
    struct Standing: Sendable {
        /// When what is known of the site was learned, in milliseconds since 1970.
        let known: Int64
        let rank: UInt8
    }

    private(set) var entries: [Entry]
    private(set) var figures: [SiteFigures] = []
    private(set) var standings: [Standing] = []
    private let indices: [SiteID: Int]

    /// `entries` in any order, each site once.
    init(_ entries: [Entry], ledger: GrantLedger) {
        self.entries = entries.sorted { $0.description.site < $1.description.site }
        self.indices = Dictionary(
            self.entries.enumerated().map { ($1.description.site, $0) },
            uniquingKeysWith: { first, _ in first })
        self.figures.reserveCapacity(entries.count)
        self.standings.reserveCapacity(entries.count)
        for entry in self.entries {
            let (figures, standing) = Self.assess(entry, ledger: ledger)
            self.figures.append(figures)
            self.standings.append(standing)
        }
    }

    var count: Int { self.entries.count }

    func index(of site: SiteID) -> Int? { self.indices[site] }

    mutating func replace(_ index: Int, by entry: Entry) {
        self.entries[index] = entry
    }

    /// Works out again what the site's report and the ledger say together.
    mutating func assess(_ index: Int, ledger: GrantLedger) {
        (self.figures[index], self.standings[index]) = Self.assess(self.entries[index], ledger: ledger)
    }

    private static func assess(_ entry: Entry, ledger: GrantLedger) -> (SiteFigures, Standing) {
        let candidate = ledger.candidate(
            entry.description, received: entry.received, reachability: entry.reachability,
            now: entry.received)
        let figures = SiteFigures(candidate.description.capacity, pending: candidate.pending)
        let isOpen =
            entry.description.policy == .open && candidate.description.capacity.heat == nil
            && figures.isCredible
        let rank: UInt8 =
            switch entry.reachability {
            case .reachable: isOpen ? Tournament.Key.ready : Tournament.Key.out
            case .suspect: isOpen ? Tournament.Key.last : Tournament.Key.out
            case .unreachable: Tournament.Key.out
            }
        let known = ledger.known(of: entry.description, received: entry.received)
        return (figures, Standing(known: known.millisecondsSinceEpoch, rank: rank))
    }
}
