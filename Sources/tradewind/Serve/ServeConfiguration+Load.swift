import Agent
import CloudModel
import Coordinator
import Operations
import Placement

extension HeatRules {
    /// What `agent.hot` says; a limit of 0 takes that figure out.
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        let keys: [(String, LoadFigure)] = [
            ("cpu", .cpu), ("memory", .memory), ("disk", .disk),
            ("memory-pressure", .memoryPressure), ("io-pressure", .ioPressure),
        ]
        for (name, figure) in keys {
            guard let percent = try file.integer("agent.hot.\(name)", in: 0...100) else { continue }
            self.limits[figure] = percent == 0 ? nil : Double(percent) / 100
        }
        if let percent = try file.integer("agent.hot.gap", in: 0...100) { self.gap = Double(percent) / 100 }
        self.measurements = try file.integer("agent.hot.measurements", in: 1...10_000) ?? self.measurements
    }
}

extension RebalancingPolicy {
    /// What `coordinator.rebalance` says.
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        let key = "coordinator.rebalance"
        self.isAutomatic = try file.flag("\(key).enabled") ?? self.isAutomatic
        self.interval =
            try file.duration("\(key).interval", in: Duration.seconds(10)...(.seconds(86_400)))
            ?? self.interval
        self.movesPerHour =
            try file.integer("\(key).moves-per-hour", in: 0...Self.movesPerHourMax) ?? self.movesPerHour
        self.coolDown =
            try file.duration("\(key).cool-down", in: Duration.zero...(.seconds(604_800))) ?? self.coolDown
        self.rules.minimumGain = try Self.points("\(key).minimum-gain", file) ?? self.rules.minimumGain
        self.rules.movingCost = try Self.points("\(key).moving-cost", file) ?? self.rules.movingCost
    }

    private static func points(_ key: String, _ file: ConfigurationFile) throws(OperationError) -> Double? {
        guard let points = try file.number(key) else { return nil }
        guard points.isFinite, (0...1_000_000).contains(points) else {
            throw file.problem(key, "a number from 0 to 1000000")
        }
        return points
    }
}
