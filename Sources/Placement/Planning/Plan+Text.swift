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

extension Verdict {
    /// `tokyo.test: 2 replicas, 31 ms (estimated), load 12 %, room 14 GiB`, or `paris.test: no, …` with the reasons.
    package var line: String {
        guard self.isFeasible else {
            return "\(self.site): no, " + self.objections.map(\.text).joined(separator: "; ")
        }
        var parts: [String] = []
        switch self.replicas {
        case 0: parts.append("possible")
        case 1: parts.append("1 replica")
        default: parts.append("\(self.replicas) replicas")
        }
        if let latency = self.latency { parts.append(latency.text) }
        parts.append("load \(Self.percent(self.load))")
        parts.append("room \(self.free.memory)")
        if let score = self.score {
            parts.append("score \(Self.hundredths(score.total))")
            if score.freshness < 1, let ageMilliseconds {
                parts.append("last heard \(ageMilliseconds / 1_000) s ago")
            }
        }
        if self.reachability == .suspect { parts.append("answers late or not at all: last choice") }
        return "\(self.site): " + parts.joined(separator: ", ")
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private static func hundredths(_ number: Double) -> String {
        let hundredths = Int((number * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
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
