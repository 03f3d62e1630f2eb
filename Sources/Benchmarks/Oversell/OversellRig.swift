import CloudModel
import Coordinator
import Federation
import Foundation
import MachineDrivers
import Synchronization
import TestRandomness
import XMPP

/// Callers who all want the same few places at once, through several coordinators and one site, while messages are
/// lost, doubled, delayed and late and processes are killed and started again.
struct OversellRig: Sendable {
    struct Plan: Sendable {
        var seed: UInt64 = 1
        var callers = 64
        /// As many as that at least; with `killEvery` until a process has been killed and started again.
        var rounds = 1_000
        var coordinators = 4
        /// Nil for a network that does its duty.
        var rates: FaultyNetwork.Rates? = FaultyNetwork.Rates()
        /// How often a process is killed and started again; nil for never.
        var killEvery: Duration? = .milliseconds(300)

        /// Whether nothing goes wrong.
        var isQuiet: Bool { self.rates == nil && self.killEvery == nil }
    }

    /// What came out.
    struct Result: Sendable {
        var rounds = 0
        /// Rounds in which more was promised than there is.
        var oversold = 0
        var placed = 0
        var turnedAway = 0
        /// Rounds at whose end every place was taken.
        var full = 0
        /// Processes that were killed and started again.
        var restarts = 0
        /// Holds and machines that were left when all was over.
        var leaks = 0
        var seconds = 0.0
    }

    /// Tells whoever looks on that a round is over.
    private final class Round: Sendable {
        private let state = Mutex(false)

        var isOver: Bool { self.state.withLock { $0 } }

        func end() { self.state.withLock { $0 = true } }
    }

    /// Rounds after which it is said how far it is.
    private static let sayEvery = 50
    /// The longest that one round, and then the end, may take.
    private static let patience = Duration.seconds(120)

    /// A workload that was taken on, and for which caller.
    private struct Holding: Sendable {
        let caller: Int
        let workload: Workload
    }

    let plan: Plan
    private let clock = FastClock()
    private let network: FaultyNetwork
    private let coordinators: [OversellCoordinator]
    private let site: OversellSite
    private let image: String

    /// Everything it writes is below `directory`.
    init(_ plan: Plan, directory: String) throws {
        self.plan = plan
        self.network = FaultyNetwork(seed: plan.seed, rates: plan.rates)
        let (clock, network) = (self.clock, self.network)
        let coordinators = try (0..<plan.coordinators).map {
            try OversellCoordinator(
                SiteID("coordinator-\($0).test"), clock: clock, network: network, directory: directory)
        }
        self.coordinators = coordinators
        self.image = directory + "/disk.raw"
        try Data(count: 1_024).write(to: URL(fileURLWithPath: self.image))
        self.site = try OversellSite(
            clock: clock, directory: directory, coordinators: coordinators.map(\.address)
        ) { machine, holder in
            guard let coordinator = coordinators.first(where: { $0.address == holder }) else { return }
            let isTaken = try await network.carry(timeout: .milliseconds(25)) {
                try await coordinator.lives.use {
                    try await $0.coordinator.receive(
                        MachineReport(machine: machine), from: OversellSite.address)
                } != nil
            }
            guard isTaken else { throw StanzaError(.remoteServerTimeout) }
        }
        for coordinator in coordinators { coordinator.connect(to: self.site) }
    }

    func run() async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.network.run() }
            group.addTask { try await self.site.run() }
            for coordinator in self.coordinators { group.addTask { try await coordinator.run() } }
            if let killEvery = self.plan.killEvery {
                group.addTask { try await self.killOne(every: killEvery) }
            }
            defer { group.cancelAll() }
            try await Alliance.wait("the site has looked at its hosts") {
                await self.site.description() != nil
            }
            return try await self.measure()
        }
    }

    private func measure() async throws -> Result {
        var result = Result()
        let began = ContinuousClock.now
        while result.rounds < self.plan.rounds || self.lacksRestarts(since: began) {
            // What the last round gave back takes its place until it is gone; with faults that may be long.
            if self.plan.isQuiet {
                try await Alliance.wait("the site is empty") {
                    await self.site.promised().map { $0.occupying + $0.held == 0 } ?? false
                }
            }
            let (placed, most) = try await self.round(result.rounds)
            result.rounds += 1
            if result.rounds.isMultiple(of: Self.sayEvery) {
                Benchmarks.say("oversell: \(result.rounds) of \(self.plan.rounds) rounds in one process")
            }
            result.placed += placed
            result.turnedAway += self.plan.callers - placed
            if placed == OversellSite.slots { result.full += 1 }
            if most > OversellSite.slots { result.oversold += 1 }
        }
        self.network.calm()
        result.seconds = (ContinuousClock.now - began).inSeconds
        result.leaks = try await self.leaks()
        result.restarts = self.restarts
        return result
    }

    private var restarts: Int {
        let lives = self.site.lives.count + self.coordinators.map(\.lives.count).reduce(0, +)
        return lives - 1 - self.coordinators.count
    }

    /// Whether rounds went by so fast that no process has been killed yet.
    private func lacksRestarts(since began: ContinuousClock.Instant) -> Bool {
        self.plan.killEvery != nil && self.restarts < 1 && ContinuousClock.now - began < Self.patience
    }

    /// All callers ask at once, and give back what they got; how many got a machine, and the most that was promised.
    private func round(_ number: Int) async throws -> (placed: Int, most: Int) {
        let round = Round()
        return try await withThrowingTaskGroup(of: Int.self) { group in
            // Looks, while the callers are at it, how much is promised.
            group.addTask {
                var most = 0
                while !round.isOver {
                    if let promised = await self.site.promised() {
                        most = max(most, promised.occupying + promised.held)
                    }
                    most = max(most, try await self.site.driver.machines().count)
                    try await Task.sleep(for: .milliseconds(2))
                }
                return most
            }
            let workloads = try await self.place(round: number)
            let placed = workloads.count { $0.workload.replicas.contains { $0.machine != nil } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for holding in workloads {
                    let coordinator = self.coordinators[holding.caller % self.coordinators.count]
                    group.addTask { try await coordinator.remove(holding.workload.id) }
                }
                try await group.waitForAll()
            }
            round.end()
            return (placed, try await group.next() ?? 0)
        }
    }

    private func place(round: Int) async throws -> [Holding] {
        try await withThrowingTaskGroup(of: Holding?.self) { group in
            for caller in 0..<self.plan.callers {
                let coordinator = self.coordinators[caller % self.coordinators.count]
                group.addTask {
                    switch try await coordinator.place("r\(round)-c\(caller)", image: self.image) {
                    case .ended(let workload): return Holding(caller: caller, workload: workload)
                    case .refused: return nil
                    }
                }
            }
            var holdings: [Holding] = []
            for try await holding in group {
                if let holding { holdings.append(holding) }
            }
            return holdings
        }
    }

    /// Kills one process after the other, chosen at random.
    private func killOne(every pause: Duration) async throws {
        var generator = SeededGenerator(seed: self.plan.seed ^ 0xDEAD)
        while !Task.isCancelled {
            try await Task.sleep(for: pause)
            let victim = Int.random(in: 0...self.coordinators.count, using: &generator)
            if victim < self.coordinators.count {
                self.coordinators[victim].lives.kill()
            } else {
                self.site.lives.kill()
            }
        }
    }

    /// What is still held or there once everything that runs out has run out.
    private func leaks() async throws -> Int {
        let deadline = ContinuousClock.now + Self.patience
        var left = Int.max
        while left > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            guard let promised = await self.site.promised() else { continue }
            left = promised.occupying + promised.held
            left = max(left, try await self.site.driver.machines().count)
        }
        return left
    }
}
