/// One reason why a site cannot take a replica, for people and for programs.
package struct Objection: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case policy
        case unreachable
        /// Nothing that it says about itself has arrived.
        case unheard
        case stale
        /// Too busy with what it has.
        case hot
        /// The report's figures make no sense.
        case report
        case country
        case region
        case label
        case feature
        case hypervisor
        case only
        case avoid
        case latency
        case price
        case carbon
        /// Lacks a workload that it must be beside of.
        case beside
        /// Has a workload that it must be apart from.
        case apart
        /// Too far from every replica of another workload.
        case within
        case room
        case spread
        /// Has as many replicas as hosts, and no two of them may share one.
        case hosts
        /// It has already refused this replica, or did not answer.
        case refused
    }

    package let kind: Kind
    package let text: String
    /// Whether it only says that something is not known yet; nil as false.
    package let isUnknown: Bool?

    init(_ kind: Kind, _ text: String, isUnknown: Bool? = nil) {
        self.kind = kind
        self.text = text
        self.isUnknown = isUnknown
    }
}

extension Objection {
    /// The way to the nearest replica of a workload is too long or not known; no path if it has none.
    static func tooFar(
        _ path: LatencyDestination.Path?, fromNearestOf name: String, limit: Double
    ) -> Self {
        guard path != nil else {
            return Self(.within, "\(name) has no replica yet, \(Self.asked(limit))", isUnknown: true)
        }
        return .tooFar(path, from: "the nearest replica of \(name)", limit: limit)
    }

    /// The way to what `place` names is too long or not known.
    static func tooFar(_ path: LatencyDestination.Path?, from place: String, limit: Double) -> Self {
        guard let path, let milliseconds = path.milliseconds else {
            return Self(.within, "the way to \(place) is not known, \(Self.asked(limit))", isUnknown: true)
        }
        let figures = "\(Figure.short(milliseconds)) ms (\(path.basis.rawValue))"
        return Self(.within, "\(figures) to \(place), \(Self.asked(limit))")
    }

    private static func asked(_ limit: Double) -> String { "at most \(Figure.short(limit)) ms is asked" }
}
