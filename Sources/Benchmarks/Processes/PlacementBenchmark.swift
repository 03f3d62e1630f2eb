import Foundation

/// How long a user waits until a workload has its place, and how many users a coordinator can serve.
struct PlacementBenchmark: Benchmark {
    /// Placements before anything is timed: streams between the servers are open then, and files exist.
    private static let warmUp = 12
    private static let removers = 8
    /// Callers at once for whom the goals are: with more of them waiting, each waits the longer.
    private static let measured = 16

    let name = "placement"
    let summary =
        "POST /v1/workloads (1 replica, wait=placed) until answered: planned, reserved and committed at "
        + "one of ten sites (--sites) with the in-memory driver; HTTP and TLS between servers over "
        + "loopback, log level info"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        let plan = AlliancePlan(
            sites: Array(AlliancePlan.ten.prefix(settings.sites)), coordinators: [AlliancePlan.coordinator],
            isStar: true)
        return try await Alliance.measure(plan, settings) { alliance in
            _ = try await Self.round("warm", callers: 1, count: Self.warmUp, alliance)
            var measurements: [Measurement] = []
            let (alone, together) = settings.placements
            for callers in settings.callers {
                measurements += try await Self.round(
                    "with-\(callers)", callers: callers, count: callers == 1 ? alone : together, alliance)
            }
            return measurements
        }
    }

    private static func round(
        _ prefix: String, callers: Int, count: Int, _ alliance: Alliance
    ) async throws -> [Measurement] {
        let coordinator = try alliance.coordinator
        let before = try self.usage(alliance)
        let began = ContinuousClock.now
        let times = try await self.spread(callers, count) { number in
            let began = ContinuousClock.now
            let workload: WorkloadView = try await coordinator.client.post(
                "/workloads",
                WorkloadView.parameters(
                    name: "\(prefix)-\(number)",
                    audience: alliance.members[number % (alliance.members.count - 1)].domain,
                    image: alliance.image))
            let took = ContinuousClock.now - began
            guard workload.replicas.count == 1, workload.replicas[0].machine != nil else {
                throw BenchmarkFailure("\(prefix)-\(number) is \(workload.state): \(workload.reason ?? "")")
            }
            return took.inSeconds * 1_000
        }
        let took = (ContinuousClock.now - began).inSeconds
        let after = try self.usage(alliance)
        _ = try await self.spread(self.removers, count) { number in
            try await coordinator.client.request("DELETE", "/workloads/\(prefix)-\(number)")
            return 0
        }
        let label = callers == 1 ? "1 caller" : "\(callers) callers"
        func cpu(_ part: WritableKeyPath<Usage, Double>) -> Double {
            (after[keyPath: part] - before[keyPath: part]) / Double(count) * 1_000
        }
        return [
            Measurement("\(label): p50 of \(count)", times.quantile(0.5), unit: "ms"),
            Measurement(
                "\(label): p99 of \(count)", times.quantile(0.99), unit: "ms",
                goal: callers == Self.measured ? .atMost(50) : nil),
            Measurement(
                "\(label): placements", Double(count) / took, unit: "1/s",
                goal: callers == Self.measured ? .atLeast(1_000) : nil),
            Measurement("\(label): CPU of the coordinator for one", cpu(\.coordinator), unit: "ms"),
            Measurement("\(label): CPU of all sites for one", cpu(\.sites), unit: "ms"),
            Measurement("\(label): CPU of the callers for one", cpu(\.callers), unit: "ms"),
        ]
    }

    /// CPU seconds used so far.
    private struct Usage {
        var coordinator = 0.0
        var sites = 0.0
        var callers = 0.0
    }

    private static func usage(_ alliance: Alliance) throws -> Usage {
        var usage = Usage()
        usage.coordinator = try ProcessUsage(of: alliance.coordinator.process.id).cpu
        for site in alliance.members.dropLast() { usage.sites += try ProcessUsage(of: site.process.id).cpu }
        usage.callers = try ProcessUsage(of: ProcessInfo.processInfo.processIdentifier).cpu
        return usage
    }

    /// `count` pieces of work done by `callers` at once, each caller one after the other.
    static func spread(
        _ callers: Int, _ count: Int, _ work: @escaping @Sendable (Int) async throws -> Double
    ) async throws -> [Double] {
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var results: [Double] = []
                    for number in stride(from: caller, to: count, by: callers) {
                        results.append(try await work(number))
                    }
                    return results
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
