/// The places of a domain that are still to be tried: those of the lowest priority beside each other, and those of the next
/// only when all of them have failed (RFC 2782).
///
/// A backup that is nearer must not take what is not for it.
struct PlaceRounds: Hashable, Sendable {
    /// Places that are tried for one stream; others are left out.
    static let limit = 16

    private var rest: [Candidate]

    init(_ found: [Candidate]) {
        self.rest = Array(found.prefix(Self.limit))
    }

    /// What is to be tried now, best first; empty once there is nothing left.
    var round: [Candidate] {
        guard let priority = self.rest.map(\.priority).min() else { return [] }
        return self.rest.filter { $0.priority == priority }
    }

    /// None of the round could be connected to.
    mutating func lost(_ round: [Candidate]) {
        self.rest.removeAll { round.contains($0) }
    }

    /// A connection was made: to which place.
    ///
    /// Neither that place nor those that had failed by then are tried again.
    mutating func connected(_ winner: ConnectionRacer.Winner, in round: [Candidate]) -> Candidate {
        let place = round[winner.index]
        let done = Set(winner.failed.map { round[$0] } + [place])
        self.rest.removeAll { done.contains($0) }
        return place
    }

    /// The place is to be tried once more, before the others.
    mutating func tryAgain(_ place: Candidate) {
        self.rest.insert(place, at: 0)
    }
}
