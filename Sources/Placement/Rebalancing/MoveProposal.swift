package import CloudModel

/// A move of one replica that is worth its cost, and what it gains.
package struct MoveProposal: Hashable, Codable, Sendable {
    /// What is less at the new site than at the old one; a negative figure is more.
    ///
    /// Nil where it cannot be said.
    package struct Gain: Hashable, Codable, Sendable {
        /// In points of the workload, the cost of the move taken off.
        package let points: Double
        /// Round trip to the users.
        package let milliseconds: Double?
        /// Money an hour, in `currency`.
        package let price: Double?
        package let currency: String?
        /// Grams of CO2e an hour.
        package let carbon: Double?
        /// Load of the site in percent, as it is without the replica.
        package let loadPercent: Double
    }

    /// `web-0:tokyo.test`: by which it is accepted.
    package let name: String
    package let workload: WorkloadID
    package let workloadName: String
    package let replica: Int
    package let from: SiteID
    package let to: SiteID
    package let gain: Gain
    /// What it gains, in words.
    package let reason: String

    init(_ subject: RebalancingSubject, replica: Int, from here: Verdict, to there: Verdict, points: Double) {
        self.name = "\(subject.specification.name)-\(replica):\(there.site)"
        self.workload = subject.workload
        self.workloadName = subject.specification.name
        self.replica = replica
        self.from = here.site
        self.to = there.site
        self.gain = Gain(points: points, here, there)
        self.reason = self.gain.text
    }
}

extension MoveProposal.Gain {
    fileprivate init(points: Double, _ here: Verdict, _ there: Verdict) {
        func less(_ old: Double?, _ new: Double?) -> Double? {
            guard let old, let new else { return nil }
            return old - new
        }
        self.init(
            points: points, milliseconds: less(here.latency?.milliseconds, there.latency?.milliseconds),
            price: less(here.price, there.price), currency: here.currency,
            carbon: less(here.carbon, there.carbon), loadPercent: (here.load - there.load) * 100)
    }

    /// `31 ms less, 0.01 EUR an hour more, 40 % less load`.
    fileprivate var text: String {
        var parts: [String] = []
        func add(_ figure: Double?, _ unit: String, of what: String = "", atLeast least: Double) {
            guard let figure, figure.magnitude >= least else { return }
            parts.append("\(Figure.short(figure.magnitude)) \(unit) \(figure > 0 ? "less" : "more")\(what)")
        }
        add(self.milliseconds.map { $0.rounded() }, "ms", atLeast: 1)
        add(self.price, "\(self.currency ?? "") an hour", atLeast: 0.000_01)
        add(self.carbon, "g CO2e an hour", atLeast: 0.01)
        add(self.loadPercent.rounded(), "%", of: " load", atLeast: 1)
        if parts.isEmpty { parts.append("more room") }
        return parts.joined(separator: ", ")
    }
}
