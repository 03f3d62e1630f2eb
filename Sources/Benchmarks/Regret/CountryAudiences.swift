import CloudModel

/// Audiences out of a table of pings between countries: whom each country talks with, as far as they have a region.
struct CountryAudiences: Sendable {
    /// Users in some regions, by the number of the region, with their shares of the whole.
    struct Shares: Sendable {
        let country: String
        let regions: [(number: Int, share: Double)]
    }

    /// A share smaller than this is not asked for.
    private static let least = 0.000_001

    let mixed: [Shares]
    /// All users in one country.
    let single: [Shares]

    /// `pings` are how many pings there were between two countries, either way.
    init(pings: [(one: String, other: String, count: Double)], tables: RegionTables) {
        let regions = Dictionary(grouping: tables.regions.indices) { tables.regions[$0].country }
        var counts: [String: [String: Double]] = [:]
        for (one, other, count) in pings {
            if regions[other] != nil { counts[one, default: [:]][other] = count }
            if regions[one] != nil { counts[other, default: [:]][one] = count }
        }
        self.mixed = counts.sorted { $0.key < $1.key }.map { country, partners in
            Shares(country: country, regions: Self.shares(partners, regions))
        }
        self.single = regions.keys.sorted().map { country in
            Shares(country: country, regions: Self.shares([country: 1], regions))
        }
    }

    /// Reads the table of pings between countries.
    init(path: String, tables: RegionTables) throws {
        let table = try ValueTable(path: path)
        self.init(
            pings: try (0..<table.count).map { row in
                (
                    try table.text("cty1", ofRow: row), try table.text("cty2", ofRow: row),
                    try table.number("rtt_cnt", ofRow: row)
                )
            }, tables: tables)
    }

    /// A country's share goes to its regions in equal parts.
    private static func shares(
        _ countries: [String: Double], _ regions: [String: [Int]]
    ) -> [(number: Int, share: Double)] {
        let total = countries.values.reduce(0, +)
        var shares: [(number: Int, share: Double)] = []
        for (country, count) in countries.sorted(by: { $0.key < $1.key }) {
            let there = regions[country] ?? []
            let share = count / total / Double(there.count)
            if share >= Self.least { shares += there.map { ($0, share) } }
        }
        return shares
    }
}
