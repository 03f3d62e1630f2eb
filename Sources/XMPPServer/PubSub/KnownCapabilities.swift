import XMPP

/// What lies behind verified hashes, and which of them give way when there are too many.
///
/// Anybody can bring hashes that nobody else has, and as many as he likes; so it is those of whoever brought the most
/// that give way, not the oldest: one client with a thousand fresh hashes displaces its own and nobody's else.
struct KnownCapabilities: Hashable, Sendable {
    private struct Entry: Hashable {
        let interests: Set<String>
        /// The account through one of whose listeners it came.
        let sponsor: JID
        /// Rises with each that is remembered.
        let number: UInt64
    }

    private var entries: [CapabilityTable.Key: Entry] = [:]
    private var nextNumber: UInt64 = 1

    var count: Int { self.entries.count }

    subscript(key: CapabilityTable.Key) -> Set<String>? { self.entries[key]?.interests }

    /// Remembers what lies behind a hash, and forgets others beyond `limit`.
    ///
    /// - Parameter users: how many accounts have a listener that says it has a hash.
    mutating func remember(
        _ interests: Set<String>, as key: CapabilityTable.Key, through sponsor: JID, limit: Int,
        users: (CapabilityTable.Key) -> Int
    ) {
        self.entries[key] = Entry(interests: interests, sponsor: sponsor, number: self.nextNumber)
        self.nextNumber += 1
        while self.entries.count > limit, let victim = self.victim(besides: key, users: users) {
            self.entries[victim] = nil
        }
    }

    /// The oldest that nobody uses; if all are in use, of those that came through the account with the most the one that
    /// the fewest use, and of those the oldest.
    private func victim(
        besides newest: CapabilityTable.Key, users: (CapabilityTable.Key) -> Int
    ) -> CapabilityTable.Key? {
        let others = self.entries.filter { $0.key != newest }
        let unused = others.filter { users($0.key) == 0 }
        if let oldest = unused.min(by: { $0.value.number < $1.value.number }) { return oldest.key }
        var shares: [JID: Int] = [:]
        for entry in self.entries.values { shares[entry.sponsor, default: 0] += 1 }
        let most = others.values.map { shares[$0.sponsor] ?? 0 }.max() ?? 0
        let candidates = others.filter { shares[$0.value.sponsor] == most }
        let fewest = candidates.keys.map(users).min() ?? 0
        return candidates.filter { users($0.key) == fewest }.min { $0.value.number < $1.value.number }?.key
    }
}
