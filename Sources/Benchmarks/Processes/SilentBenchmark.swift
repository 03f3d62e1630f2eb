/// What a site that has gone silent costs those who want something of the others.
struct SilentBenchmark: Benchmark {
    /// Replicas at the site that falls silent.
    private static let replicas = 100
    private static let warmUp = 12
    private static let callers = 4

    let name = "silent"
    let summary =
        "POST /v1/workloads (1 replica, wait=placed) near two sites, 4 callers, before and while a third site, which "
        + "holds 100 replicas that are being removed, is frozen and answers nobody"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        let plan = AlliancePlan(
            sites: [AlliancePlan.paris, AlliancePlan.virginia, AlliancePlan.tokyo],
            coordinators: [AlliancePlan.coordinator])
        return try await Alliance.measure(plan, settings) { alliance in
            let client = try alliance.coordinator.client
            guard let tokyo = alliance.members.first(where: { $0.domain == "tokyo.test" }) else { return [] }
            var parameters = WorkloadView.parameters(
                name: "many", audience: "tokyo.test", image: alliance.image)
            parameters["replicas"] = "\(Self.replicas)"
            parameters["only"] = "tokyo.test"
            let many: WorkloadView = try await client.post("/workloads", parameters)
            guard many.state == "placed" else {
                throw BenchmarkFailure("the replicas are \(many.state): \(many.reason ?? "")")
            }
            _ = try await Self.round("warm", count: Self.warmUp, alliance)
            let count = settings.placements.alone
            let before = try await Self.round("before", count: count, alliance)
            try tokyo.process.freeze()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await client.request("DELETE", "/workloads/many") }
                let during: [Double]
                do {
                    during = try await Self.round("during", count: count, alliance)
                    try tokyo.process.thaw()
                } catch {
                    try tokyo.process.thaw()
                    throw error
                }
                try await group.waitForAll()
                return Self.measurements(before, "before") + Self.measurements(during, "with the site silent")
                    + [
                        Measurement(
                            "added to the median", during.quantile(0.5) - before.quantile(0.5), unit: "ms",
                            goal: .atMost(Self.leastMeasurable(before, during)))
                    ]
            }
        }
    }

    /// The least difference of two medians that is more than chance: twice its standard error.
    ///
    /// That of a median is 1.2533 × deviation ÷ √n; the middle half of what is normally distributed is 1.349 wide.
    private static func leastMeasurable(_ before: [Double], _ during: [Double]) -> Double {
        let variances = [before, during].map { times in
            let deviation = (times.quantile(0.75) - times.quantile(0.25)) / 1.349
            return 1.2533 * 1.2533 * deviation * deviation / Double(times.count)
        }
        return 2 * variances.reduce(0, +).squareRoot()
    }

    private static func measurements(_ times: [Double], _ label: String) -> [Measurement] {
        [
            Measurement("\(label): p50 of \(times.count)", times.quantile(0.5), unit: "ms"),
            Measurement("\(label): p99 of \(times.count)", times.quantile(0.99), unit: "ms"),
        ]
    }

    /// How long each placement took, in milliseconds.
    private static func round(_ prefix: String, count: Int, _ alliance: Alliance) async throws -> [Double] {
        let client = try alliance.coordinator.client
        return try await PlacementBenchmark.spread(self.callers, count) { number in
            let began = ContinuousClock.now
            let workload: WorkloadView = try await client.post(
                "/workloads",
                WorkloadView.parameters(
                    name: "\(prefix)-\(number)", audience: alliance.members[number % 2].domain,
                    image: alliance.image))
            let took = ContinuousClock.now - began
            guard workload.replicas.count == 1, workload.replicas[0].machine != nil else {
                throw BenchmarkFailure("\(prefix)-\(number) is \(workload.state): \(workload.reason ?? "")")
            }
            return took.inSeconds * 1_000
        }
    }
}
