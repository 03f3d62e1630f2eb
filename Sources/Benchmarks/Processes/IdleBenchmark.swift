/// What an agent costs while nobody asks anything of it.
struct IdleBenchmark: Benchmark {
    /// Between the last request and the first look.
    private static let settling = Duration.seconds(5)

    let name = "idle"
    let summary =
        "one of two allied agents with the in-memory driver and no machines, while nothing is asked of it"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        let plan = AlliancePlan(sites: [AlliancePlan.paris, AlliancePlan.tokyo], coordinators: [])
        return try await Alliance.measure(plan, settings) { alliance in
            guard let agent = alliance.members.first?.process else { return [] }
            try await Task.sleep(for: Self.settling)
            let before = try ProcessUsage(of: agent.id)
            let began = ContinuousClock.now
            try await Task.sleep(for: settings.idle)
            let after = try ProcessUsage(of: agent.id)
            let seconds = (ContinuousClock.now - began).inSeconds
            return [
                Measurement("resident memory", after.memory, unit: "MiB"),
                Measurement("of it not program files", after.ownMemory, unit: "MiB"),
                Measurement(
                    "CPU share of one processor over \(Int(seconds)) s",
                    (after.cpu - before.cpu) / seconds * 100, unit: "%"),
            ]
        }
    }
}
