import CloudModel

extension Plan {
    /// The plan for people: a line for every site, and one for what could not be placed.
    package var lines: [String] {
        var lines = self.verdicts.map(\.line)
        if self.verdicts.isEmpty { lines.append("no site is known yet") }
        if !self.isComplete {
            let asked = self.assignments.count + self.unassigned.count
            lines.append("no site for \(self.unassigned.count) of \(asked) replicas")
        }
        return lines
    }
}

extension Plan {
    /// The most sites that an error names; a plan names all.
    package static let namedInErrors = 20

    /// Those lines, and how many more there are if they are more than an error should have.
    package static func inShort(_ lines: [String]) -> String {
        var shown = lines.prefix(Self.namedInErrors).joined(separator: "; ")
        if lines.count > Self.namedInErrors {
            shown += "; and \((lines.count - Self.namedInErrors).counted("site")) more"
        }
        return shown
    }

    /// Why it is not complete, with not more sites than an error should name.
    package var refusal: String {
        let outcome = self.lines.dropFirst(self.verdicts.count)
        return ([Self.inShort(self.verdicts.map(\.line))].filter { !$0.isEmpty } + outcome)
            .joined(separator: "; ")
    }
}

extension Verdict {
    /// `tokyo.test: 2 replicas, 31 ms (estimated), load 12 %, room 14 GiB, cost 38.2 ms`, or `paris.test: no, …` with
    /// the reasons.
    package var line: String {
        guard self.isFeasible else {
            return "\(self.site): no, " + self.objections.map(\.text).joined(separator: "; ")
        }
        var parts: [String] = []
        switch self.replicas {
        case 0: parts.append("possible")
        case _: parts.append(self.replicas.counted("replica"))
        }
        if let hostLimit {
            parts.append("\(hostLimit.counted("host")) for at most \(hostLimit.counted("replica"))")
        }
        if let latency = self.latency { parts.append(latency.text) }
        if let withinTarget, let target {
            parts.append("\(Self.percent(withinTarget)) of the users within \(Figure.short(target)) ms")
        }
        parts.append("load \(Self.percent(self.load))")
        parts.append("room \(self.free.memory)")
        if let price, let currency { parts.append("\(Figure.short(price)) \(currency) an hour") }
        if let carbon { parts.append("\(Figure.short(carbon)) g CO2e an hour") }
        if let cost = self.cost {
            parts.append("cost \(Figure.short(cost.total)) \(self.unitName(cost.unit))")
            if cost.freshness < 1, let ageMilliseconds {
                parts.append("last heard \(ageMilliseconds / 1_000) s ago")
            }
        }
        if self.reachability == .suspect { parts.append("answers late or not at all: last choice") }
        return "\(self.site): " + parts.joined(separator: ", ")
    }

    private func unitName(_ unit: Cost.Unit) -> String {
        switch unit {
        case .milliseconds: "ms"
        case .money: self.currency.map { "\($0) an hour" } ?? "an hour"
        case .grams: "g an hour"
        case .points: "points"
        }
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

extension LatencyPrediction {
    /// `31 ms (estimated)`.
    package var text: String {
        guard let milliseconds = self.milliseconds else { return "latency unknown" }
        var text = "\(Int(milliseconds.rounded())) ms (\(self.basis.rawValue)"
        if self.parts.contains(where: \.contradictsMeasurement) {
            text += "; a measurement is shorter than light needs between the stated positions"
        }
        return text + ")"
    }
}
