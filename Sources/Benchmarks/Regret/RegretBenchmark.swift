import TestRandomness

/// What choosing by predicted instead of measured round trips costs the users.
struct RegretBenchmark: Benchmark {
    private static let draws: UInt64 = 100
    /// Regions with a site, of 21: about every second user's place has none.
    private static let sites = 10

    let name = "regret"
    let summary =
        "how much longer than to the best site the way to users is, chosen by predicted round trips: sites in 10 of "
        + "21 AWS regions, users in all of them"

    func lacks(_ settings: BenchmarkSettings) -> String? {
        if settings.regionRoundTrips == nil { return RegionTables.missing }
        return settings.countryRoundTrips == nil ? Self.missing : nil
    }

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        guard let path = settings.countryRoundTrips else { throw BenchmarkFailure(Self.missing) }
        let tables = try RegionTables(folder: settings.tables, roundTrips: settings.regionRoundTrips)
        let audiences = try CountryAudiences(path: path, tables: tables)
        let rows: [(label: String, [CountryAudiences.Shares], RegretDrill.Knowledge)] = [
            ("users of every country, sites tell ways", audiences.mixed, .told),
            ("users of every country, distance alone", audiences.mixed, .distance),
            ("users in one country, sites tell ways", audiences.single, .told),
            ("users in one country, distance alone", audiences.single, .distance),
        ]
        var measurements: [Measurement] = []
        for (label, some, knowledge) in rows {
            var regrets: [Double] = []
            for seed in 0..<Self.draws {
                var generator = SeededGenerator(seed: seed)
                let places = tables.regions.indices.shuffled(using: &generator).prefix(Self.sites).sorted()
                regrets += try RegretDrill(
                    some, sites: places, knowledge: knowledge, tables: tables, using: &generator
                ).regrets
            }
            measurements += Self.measurements(of: label, regrets)
        }
        return measurements
    }

    /// What is told of one kind of users: the goals are the same for each, also where they are far away.
    static func measurements(of label: String, _ regrets: [Double]) -> [Measurement] {
        [
            Measurement(
                "\(label): regret, median of \(regrets.count)", regrets.quantile(0.5), goal: .atMost(0.05)),
            Measurement("\(label): regret, p95", regrets.quantile(0.95), goal: .atMost(0.2)),
            Measurement("\(label): regret, worst", regrets.max() ?? 0),
        ]
    }

    /// What to say where the pings between countries are not given.
    private static let missing =
        "give the pings between countries with --country-round-trips FILE: "
        + "Sources/Benchmarks/Data/README.md says where they are from"
}
