import CloudModel
import Placement
import TestRandomness

/// Decisions and claims in process: forty kinds of requests, every site reporting every ten seconds.
struct DecisionBenchmark: Benchmark {
    private static let sizes = [100, 1_000, 5_000]
    private static let callers = [1, 8]
    /// Room for replicas in the whole alliance, whatever the number of its sites: it is not to be the bound.
    private static let room = 1_000_000
    private static let reportInterval: Duration = .seconds(10)

    let name = "decisions"
    let summary = "decisions with their claims in process, by sites and callers at once"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for sites in Self.sizes {
            for callers in Self.callers {
                let rows = try await Self.measure(
                    sites: sites, callers: callers, decisions: settings.decisions)
                measurements += rows
            }
        }
        return measurements
    }

    static func alliance(_ count: Int, seed: UInt64) -> [DrillSite] {
        var generator = SeededGenerator(seed: seed)
        let codes = Countries.codes
        return (0..<count).map { number in
            DrillSite(
                "site\(number).example", places: Self.room / count, each: DrillWorkload.size,
                position: codes.randomElement(using: &generator).flatMap(Countries.position(of:)))
        }
    }

    /// Users in two of ten countries each, near or within 50 ms, for latency alone or price and carbon too.
    static let kinds: [WorkloadSpecification] = {
        let countries = ["DE", "FR", "US", "JP", "BR", "IN", "GB", "ZA", "AU", "CA"]
        return (0..<40).map { number in
            let near = countries[number % countries.count]
            let far = countries[(number + 3) % countries.count]
            var specification = DrillWorkload.specification(
                near: [(.country(near), 0.7), (.country(far), 0.3)],
                objectives: Objectives(price: number < 20 ? 0 : 100, carbon: number < 20 ? 0 : 1))
            if number % 20 >= 10 { specification.audience.target = 50 }
            return specification
        }
    }()

    private static func measure(sites count: Int, callers: Int, decisions: Int) async throws -> [Measurement]
    {
        guard let workload = DrillWorkload.id else { return [] }
        let index = SharedIndex(Self.alliance(count, seed: 1), workload: workload)
        for (number, kind) in Self.kinds.enumerated() {
            _ = try index.place(kind, number: UInt64.max - UInt64(number))
        }
        let each = decisions / callers
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Double]?.self) { group in
            group.addTask { try await Self.report(index, sites: count) }
            for caller in 0..<callers {
                group.addTask { try Self.call(index, caller: caller, decisions: each) }
            }
            var times: [Double] = []
            for _ in 0..<callers {
                guard let some = try await group.next() else { break }
                times += some ?? []
            }
            group.cancelAll()
            return times
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        guard index.isSound else { throw BenchmarkFailure("a site gave away more than it has") }
        let label = "\(count) sites, \(callers) at once"
        let isMeasure = count == Self.sizes.last
        return [
            Measurement(
                "\(label): decisions with claims", Double(times.count) / seconds, unit: "1/s",
                goal: isMeasure ? .atLeast(2_000) : nil),
            Measurement("\(label): p50", times.quantile(0.5) * 1_000, unit: "ms"),
            Measurement(
                "\(label): p99", times.quantile(0.99) * 1_000, unit: "ms", goal: isMeasure ? .atMost(20) : nil
            ),
        ]
    }

    private static func call(_ index: SharedIndex, caller: Int, decisions: Int) throws -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(decisions)
        for number in 0..<decisions {
            let start = ContinuousClock.now
            let id = UInt64(caller) << 40 | UInt64(number)
            guard try index.place(Self.kinds[(number + caller) % Self.kinds.count], number: id) != nil else {
                throw BenchmarkFailure("no site was found although there is room")
            }
            times.append((ContinuousClock.now - start).inSeconds)
        }
        return times
    }

    /// Lets one site after the other report, each once in `reportInterval`, until cancelled.
    private static func report(_ index: SharedIndex, sites: Int) async throws -> [Double]? {
        let tick: Duration = .milliseconds(10)
        let each = max(1, sites / Int(Self.reportInterval / tick))
        var next = 0
        while !Task.isCancelled {
            for _ in 0..<each {
                index.report(next)
                next = (next + 1) % sites
            }
            do {
                try await Task.sleep(for: tick)
            } catch {
                // All callers are done.
                return nil
            }
        }
        return nil
    }
}
