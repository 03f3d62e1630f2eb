/// How soon a coordinator shows what its command did at a site far away.
struct PushBenchmark: Benchmark {
    /// The pause between two looks at the workload.
    private static let lookEvery = Duration.milliseconds(2)
    /// Commands before anything is timed.
    private static let warmUp = 2
    /// The longest that one change may take to show, in seconds.
    private static let patience = 30.0

    let name = "push"
    let summary =
        "POST /v1/machines/MACHINE/suspend or resume at the coordinator until "
        + "GET /v1/workloads/WORKLOAD there shows the new state (asked every 2 ms); in-memory driver, "
        + "the site behind a delay relay"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for oneWay in [75, 150] {
            let plan = AlliancePlan(
                sites: [AlliancePlan.tokyo], coordinators: [AlliancePlan.coordinator], delay: oneWay)
            measurements += try await Alliance.measure(plan, settings) { alliance in
                try await Self.commands(settings.commands, alliance, label: "round trip \(2 * oneWay) ms")
            }
        }
        return measurements
    }

    private static func commands(
        _ count: Int, _ alliance: Alliance, label: String
    ) async throws -> [Measurement] {
        let client = try alliance.coordinator.client
        let parameters = WorkloadView.parameters(
            name: "far", audience: "tokyo.test", image: alliance.image)
        let placed: WorkloadView = try await client.post(
            "/workloads", parameters.merging(["wait": "running"]) { _, new in new })
        guard let machine = placed.replicas.first?.machine, placed.replicas.first?.state == "running" else {
            throw BenchmarkFailure("the workload is \(placed.state): \(placed.reason ?? "not running")")
        }
        var shown: [Double] = []
        var answered: [Double] = []
        for number in 0..<(count + self.warmUp) {
            let (verb, state) = number.isMultiple(of: 2) ? ("suspend", "suspended") : ("resume", "running")
            let began = ContinuousClock.now
            async let answer = self.command(verb, machine, client, since: began)
            let seen = try await self.wait(for: state, client, since: began)
            let answerTime = try await answer
            guard number >= self.warmUp else { continue }
            shown.append(seen * 1_000)
            answered.append(answerTime * 1_000)
        }
        try await client.request("DELETE", "/workloads/far")
        return [
            Measurement("\(label): shown, p50 of \(count)", shown.quantile(0.5), unit: "ms"),
            Measurement("\(label): shown, p99 of \(count)", shown.quantile(0.99), unit: "ms"),
            Measurement("\(label): command answered, p50", answered.quantile(0.5), unit: "ms"),
            Measurement("\(label): command answered, p99", answered.quantile(0.99), unit: "ms"),
        ]
    }

    private static func command(
        _ verb: String, _ machine: String, _ client: ControlClient, since began: ContinuousClock.Instant
    ) async throws -> Double {
        try await client.request("POST", "/machines/\(machine)/\(verb)")
        return (ContinuousClock.now - began).inSeconds
    }

    private static func wait(
        for state: String, _ client: ControlClient, since began: ContinuousClock.Instant
    ) async throws -> Double {
        while true {
            let workload: WorkloadView = try await client.get("/workloads/far")
            let took = (ContinuousClock.now - began).inSeconds
            if workload.replicas.first?.state == state { return took }
            guard took < self.patience else {
                throw BenchmarkFailure(
                    "the machine is not shown as \(state) after \(Int(took)) s: "
                        + (workload.replicas.first?.state ?? "no state"))
            }
            try await Task.sleep(for: self.lookEvery)
        }
    }
}
