package import CloudModel

/// The newest believable row of each site.
///
/// Each row has one writer, its origin, so nothing is ever merged: by `(incarnation, sequence)` the later wins. A row
/// is verified before it is used, relayed or taken back from disk.
package struct RowStore: Sendable {
    package struct Entry: Hashable, Sendable {
        package let row: Row
        /// When it arrived, by this site's clock; nil if it was read back from disk.
        package fileprivate(set) var received: Instant?
        /// From when on it is not relied upon, by this site's clock.
        package fileprivate(set) var expires: Instant
    }

    package enum OnReceipt: Hashable, Sendable {
        case accepted
        /// The very row that is held.
        case duplicate
        /// Older than `held`, which its origin may want to see.
        case stale(held: Row)
        case rejected(RowProblem)
    }

    package let limits: RowLimits
    private let proofs: any RowProofs
    private var entries: [SiteID: Entry] = [:]
    /// Tombstones: the last row of sites whose row was removed, so that no relay brings it back.
    private var floors: [SiteID: Row] = [:]

    package init(proofs: any RowProofs, limits: RowLimits = RowLimits()) {
        self.proofs = proofs
        self.limits = limits
    }

    package subscript(origin: SiteID) -> Entry? { self.entries[origin] }

    /// All rows, in order of their origins.
    package var rows: [Row] {
        self.entries.values.map(\.row).sorted { $0.origin < $1.origin }
    }

    /// Judges `row`, which claims to be `key`'s owner's, and keeps it if it is the newest.
    package mutating func receive(_ row: Row, key: SiteKey?, now: Instant) -> OnReceipt {
        if let entry = self.entries[row.origin] {
            if entry.row == row { return self.refresh(row.origin, now: now) }
            // A flipped bit in the version must not pass for age: judge before comparing.
            if let problem = self.problem(in: row, key: key) { return .rejected(problem) }
            if row.version < entry.row.version { return .stale(held: entry.row) }
            if row.version == entry.row.version { return .rejected(.conflicting) }
        } else {
            if let problem = self.problem(in: row, key: key) { return .rejected(problem) }
            if let answer = self.answerBelowFloor(to: row, key: key) { return answer }
            guard self.entries.count < self.limits.sites else { return .rejected(.full) }
        }
        self.floors[row.origin] = nil
        self.entries[row.origin] = Entry(
            row: row, received: now, expires: now.advanced(by: min(row.lifetime, self.limits.lifetime)))
        return .accepted
    }

    /// Takes back a row from disk, if it still proves itself: a floor against replays, already expired.
    ///
    /// Returns what is wrong with it otherwise.
    package mutating func restore(_ row: Row, key: SiteKey?, now: Instant) -> RowProblem? {
        if let problem = self.problem(in: row, key: key) { return problem }
        guard self.entries[row.origin] == nil, self.entries.count < self.limits.sites else { return .full }
        self.entries[row.origin] = Entry(row: row, received: nil, expires: now)
        return nil
    }

    /// Forgets the row, but for the proof that its origin was that far.
    package mutating func remove(_ origin: SiteID) {
        guard let entry = self.entries.removeValue(forKey: origin) else { return }
        if self.floors.count >= self.limits.sites, let first = self.floors.keys.min() {
            self.floors[first] = nil
        }
        self.floors[origin] = entry.row
    }

    /// Moves every instant by `shift`, when our own clock jumped.
    package mutating func shiftTimes(by shift: Duration) {
        for origin in self.entries.keys.sorted() {
            guard var entry = self.entries[origin] else { continue }
            entry.received = entry.received?.advanced(by: shift)
            entry.expires = entry.expires.advanced(by: shift)
            self.entries[origin] = entry
        }
    }

    /// A row that was read back from disk arrives again: it still holds.
    private mutating func refresh(_ origin: SiteID, now: Instant) -> OnReceipt {
        guard var entry = self.entries[origin], entry.received == nil else { return .duplicate }
        entry.received = now
        entry.expires = now.advanced(by: min(entry.row.lifetime, self.limits.lifetime))
        self.entries[origin] = entry
        return .accepted
    }

    /// What to say to a well signed row that is no later than the one that was removed; nil if it is later.
    ///
    /// A floor binds only the key that signed it: under another one the origin counts anew, and rows of the old key
    /// prove nothing any more.
    private mutating func answerBelowFloor(to row: Row, key: SiteKey?) -> OnReceipt? {
        guard let floor = self.floors[row.origin], row.version <= floor.version else { return nil }
        guard let key, self.proofs.isSigned(floor, by: key) else {
            self.floors[row.origin] = nil
            return nil
        }
        if row == floor { return .duplicate }
        return row.version < floor.version ? .stale(held: floor) : .rejected(.conflicting)
    }

    private func problem(in row: Row, key: SiteKey?) -> RowProblem? {
        guard row.payload.count <= self.limits.payload, row.schema.utf8.count <= self.limits.schema,
            row.lifetime > .zero
        else { return .tooLarge }
        guard row.version.incarnation <= self.limits.version, row.version.sequence <= self.limits.version
        else {
            return .absurdVersion
        }
        guard let key else { return .unknownOrigin }
        guard self.proofs.isSigned(row, by: key) else {
            return row.key != key && self.proofs.isSigned(row, by: row.key) ? .keyChanged : .badSignature
        }
        return self.proofs.problem(in: row).map(RowProblem.absurdContent)
    }
}
