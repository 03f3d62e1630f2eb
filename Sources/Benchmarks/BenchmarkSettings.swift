/// What the one who measures chose, and how much of everything is measured.
struct BenchmarkSettings: Sendable {
    /// Path of the `tradewind` executable that is measured from outside.
    var tradewind: String
    /// Path of `deploy/delay-relay`.
    var relay: String
    /// The folder with the tables of regions.
    var tables = "Sources/Benchmarks/Data"
    /// Files of round trips between regions, and of pings between countries, which may not be copied into ours.
    var regionRoundTrips: String?
    var countryRoundTrips: String?
    /// Path of the program that finds the least cost of placing.
    var optimum = "Interop/Rivals/optimum"
    /// Where to draw how the time for a decision grows; nowhere if nil.
    var picture: String?
    /// Placements timed one after the other, and by sixteen callers at once.
    var placements = (alone: 200, together: 800)
    /// Machine commands timed for each distance.
    var commands = 60
    /// Distinct names sent through one stream.
    var names = 10_000_000
    /// Rounds in which all callers want the same places, in one process and through processes of their own.
    var oversellRounds = 100
    /// Decisions timed for each number of sites and callers.
    var decisions = 40_000
    /// Replicas placed on a tenth as many sites.
    var replicas = 10_000
    /// How long an idle process is watched.
    var idle = Duration.seconds(60)
    /// Sites over which placements are timed.
    var sites = AlliancePlan.ten.count
    /// Users that place at once, one round for each number of them.
    var callers = [1, 16, 64]

    /// So few of everything that the numbers mean nothing: for seeing that the benchmarks work.
    mutating func shorten() {
        self.placements = (alone: 12, together: 48)
        self.commands = 6
        self.decisions = 800
        self.replicas = 300
        self.names = 100_000
        self.oversellRounds = 4
        self.idle = .seconds(3)
    }
}
