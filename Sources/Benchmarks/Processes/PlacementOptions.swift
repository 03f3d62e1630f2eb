import ArgumentParser

/// What can be chosen about the measurement of placements.
struct PlacementOptions: ParsableArguments {
    @Option(help: "How many sites placements are measured over: the first of ten cities.")
    var sites = AlliancePlan.ten.count

    @Option(name: .customLong("caller"), help: "How many users place at once; may be given several times.")
    var callers = [1, 16, 64]

    func validate() throws {
        guard (1...AlliancePlan.ten.count).contains(self.sites) else {
            throw ValidationError("--sites takes 1 to \(AlliancePlan.ten.count).")
        }
        guard self.callers.allSatisfy((1...ControlClient.connectionsMax).contains) else {
            throw ValidationError("--caller takes 1 to \(ControlClient.connectionsMax).")
        }
    }
}
