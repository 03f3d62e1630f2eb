import Synchronization

/// Callers who all want the same few places at once, over HTTP through the processes of two coordinators and one site,
/// while there is trouble.
///
/// What is promised is what the site's ledger says, which outlives its process. Machines of the in-memory driver do not:
/// the site finds them gone after it was killed, and their room is free again.
struct OversellDrill: Sendable {
    struct Plan: Sendable {
        var callers = 64
        /// As many as that at least; with `trouble` until there has been some of each kind.
        var rounds = 100
        /// Nil for none.
        var trouble: OversellTrouble? = OversellTrouble(seed: 1)
    }

    /// What came out.
    struct Result: Sendable {
        var rounds = 0
        /// Rounds in which more was promised than there is.
        var oversold = 0
        /// How often it was looked what is promised.
        var looks = 0
        /// Rounds in which every place was taken at once.
        var full = 0
        var placed = 0
        var turnedAway = 0
        var troubles: [OversellTrouble.Kind: Int] = [:]
        /// Holds and machines that were left when all was over.
        var leaks = 0
        var seconds = 0.0

        /// Processes that were killed and started again.
        var kills: Int {
            self.troubles[.coordinatorKilled, default: 0] + self.troubles[.siteKilled, default: 0]
        }
    }

    /// What callers of one round and whoever looks on tell each other.
    private final class Round: Sendable {
        struct State: Sendable {
            var placed = 0
            var turnedAway = 0
            var isOver = false
        }

        let state = Mutex(State())
        let deadline = ContinuousClock.now + OversellDrill.filling

        /// Whether to ask again after being turned away.
        var isWorthTrying: Bool {
            ContinuousClock.now < self.deadline
                && self.state.withLock { $0.placed < OversellDrill.slots }
        }
    }

    static let slots = 16
    /// Sites answer late when the relay stands still for longer than `request-timeout`.
    static let alliance = AlliancePlan(
        sites: [AlliancePlan.paris],
        coordinators: [AlliancePlan.coordinator, AlliancePlan.secondCoordinator], delay: 2,
        offered: (vcpus: Self.slots, memory: "\(Self.slots * 64)M", disk: "\(Self.slots * 64)M"),
        coordinatorSettings: [
            "request-timeout: 1s", "hold-for: 5s", "workloads: 1000000", "remembrance: 1m",
        ])
    /// How long callers who were turned away ask again while there are places left.
    private static let filling = Duration.seconds(15)
    private static let askEvery = Duration.milliseconds(500)
    private static let lookEvery = Duration.milliseconds(10)
    /// How long trouble of each kind is waited for, and then how long all that is left may take to go.
    private static let patience = Duration.seconds(120)

    let plan: Plan
    private let alliance: Alliance
    private let site: Alliance.Member
    private let callers: [OversellCaller]

    init(_ plan: Plan, _ alliance: Alliance) {
        self.plan = plan
        self.alliance = alliance
        let (site, coordinators) = (alliance.members[0], alliance.members.dropFirst())
        self.site = site
        self.callers = (0..<plan.callers).map { number in
            OversellCaller(
                client: coordinators[1 + number % coordinators.count].client, site: site.domain,
                image: alliance.image)
        }
    }

    func run() async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let tally = TroubleTally()
            if let trouble = self.plan.trouble {
                group.addTask { try await trouble.make(in: self.alliance, noting: tally) }
            }
            var result = Result()
            let began = ContinuousClock.now
            while result.rounds < self.plan.rounds || self.lacksTrouble(tally, since: began) {
                try await self.round(&result)
                Benchmarks.say("oversell: \(result.rounds) of \(self.plan.rounds) rounds with processes")
            }
            result.seconds = (ContinuousClock.now - began).inSeconds
            group.cancelAll()
            try await group.waitForAll()
            result.troubles = tally.counts
            result.leaks = try await self.leaks()
            return result
        }
    }

    /// Whether rounds went by so fast that there was no trouble of some kind yet.
    private func lacksTrouble(_ tally: TroubleTally, since began: ContinuousClock.Instant) -> Bool {
        self.plan.trouble != nil && !tally.isComplete && ContinuousClock.now - began < Self.patience
    }

    /// All callers ask at once until every place is taken, and give back what they got.
    private func round(_ result: inout Result) async throws {
        let (number, round) = (result.rounds, Round())
        let (most, looks) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            group.addTask { try await self.watch(round) }
            let names = try await self.callersAtOnce { caller, who in
                try await self.ask("r\(number)-c\(who)", caller, round)
            }
            _ = try await self.callersAtOnce { caller, who in
                for name in names[who] ?? [] { try await caller.remove(name) }
                return []
            }
            round.state.withLock { $0.isOver = true }
            return try await group.next() ?? (0, 0)
        }
        let state = round.state.withLock { $0 }
        result.rounds += 1
        result.looks += looks
        result.placed += state.placed
        result.turnedAway += state.turnedAway
        if most > Self.slots { result.oversold += 1 }
        if most == Self.slots { result.full += 1 }
    }

    /// What each caller's work came to.
    private func callersAtOnce(
        _ work: @escaping @Sendable (OversellCaller, Int) async throws -> [String]
    ) async throws -> [Int: [String]] {
        try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
            for (who, caller) in self.callers.enumerated() {
                group.addTask { (who, try await work(caller, who)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// The names of what one caller asked for and was taken on.
    private func ask(_ prefix: String, _ caller: OversellCaller, _ round: Round) async throws -> [String] {
        var names: [String] = []
        repeat {
            let name = "\(prefix)-\(names.count)"
            let outcome = try await caller.place(name)
            if outcome != .refused { names.append(name) }
            if outcome == .placed {
                round.state.withLock { $0.placed += 1 }
                return names
            }
            round.state.withLock { $0.turnedAway += 1 }
            try await Task.sleep(for: Self.askEvery)
        } while round.isWorthTrying
        return names
    }

    /// The most that was promised at one moment, and how many moments were looked at.
    private func watch(_ round: Round) async throws -> (most: Int, looks: Int) {
        var (most, looks) = (0, 0)
        while !round.state.withLock({ $0.isOver }) {
            if let promises = try await SitePromises.read(from: self.site.client) {
                most = max(most, promises.promised)
                looks += 1
            }
            try await Task.sleep(for: Self.lookEvery)
        }
        return (most, looks)
    }

    /// What is still held or there once everything was removed and every hold has run out.
    private func leaks() async throws -> Int {
        let deadline = ContinuousClock.now + Self.patience
        var left: Int?
        while left != 0, ContinuousClock.now < deadline {
            left = try await SitePromises.read(from: self.site.client)?.left
            try await Task.sleep(for: Self.askEvery)
        }
        guard let left else { throw BenchmarkFailure("\(self.site.domain) does not answer any more") }
        return left
    }
}
