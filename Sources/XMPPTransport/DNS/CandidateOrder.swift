/// The order in which the places that DNS names are tried.
package enum CandidateOrder {
    /// What the SRV records of both kinds of stream say about a domain.
    package enum Answer: Hashable, Sendable {
        case candidates([Candidate])
        /// Neither kind has a record: the domain itself is tried, at the usual port.
        case fallBack
        /// The domain says that it has no XMPP server.
        case notOffered
    }

    /// Mixes the records for STARTTLS and direct TLS as XEP-0368 §3 asks, lowest priority first.
    ///
    /// Among equal priorities the draw is by weight (RFC 2782), with the randomness given.
    package static func order(
        startTLS: [SRVRecord], directTLS: [SRVRecord], using random: inout some RandomNumberGenerator
    ) -> Answer {
        if startTLS.isEmpty, directTLS.isEmpty { return .fallBack }
        var rest =
            startTLS.map { ($0, Route.Security.startTLS) } + directTLS.map { ($0, Route.Security.directTLS) }
        rest.removeAll { record, _ in record.target.isEmpty || record.port == 0 }
        // The draw depends on nothing but the records and the randomness.
        rest.sort { left, right in
            (left.0.priority, left.0.weight, left.0.target, left.0.port, left.1 == .startTLS ? 1 : 0)
                < (
                    right.0.priority, right.0.weight, right.0.target, right.0.port,
                    right.1 == .startTLS ? 1 : 0
                )
        }
        guard !rest.isEmpty else { return .notOffered }
        var candidates: [Candidate] = []
        while let priority = rest.first?.0.priority {
            let count = rest.prefix { $0.0.priority == priority }.count
            let weights = rest.prefix(count).map { Int($0.0.weight) }
            var mark = Int.random(in: 0...weights.reduce(0, +), using: &random)
            // Records of weight zero come first in the list, so that they are drawn only by a zero.
            let index = weights.firstIndex { weight in
                mark -= weight
                return mark <= 0
            }
            let (record, security) = rest.remove(at: index ?? 0)
            candidates.append(
                Candidate(
                    Route(host: record.target, port: Int(record.port), security: security),
                    priority: record.priority))
        }
        return .candidates(candidates)
    }
}
