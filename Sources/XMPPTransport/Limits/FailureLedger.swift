import NIOCore

/// Failures to authenticate by address, so that passwords cannot be tried out from many streams in turn.
struct FailureLedger: Sendable {
    private struct Entry: Sendable {
        var count: Int
        var since: NIODeadline
    }

    /// The time over which failures are counted, from the first one on.
    static let period = TimeAmount.hours(1)

    /// Failures of one address within the period after which it may try no more.
    let failuresPerAddress: Int
    /// What each failure adds to the time that the answer to the next one takes.
    let delay: TimeAmount
    /// Addresses that are remembered; beyond that, those with the oldest first failure are forgotten.
    let addresses: Int
    private var entries: [NetworkAddress: Entry] = [:]

    init(failuresPerAddress: Int, delay: TimeAmount, addresses: Int) {
        self.failuresPerAddress = failuresPerAddress
        self.delay = delay
        self.addresses = addresses
    }

    /// An attempt from this address failed; how long the answer is to wait.
    mutating func fail(_ address: NetworkAddress, at now: NIODeadline) -> TimeAmount {
        guard let entry = self.current(address, at: now) else {
            self.makeRoom(at: now)
            self.entries[address] = Entry(count: 1, since: now)
            return .zero
        }
        self.entries[address]?.count = entry.count + 1
        return self.delay * min(entry.count, self.failuresPerAddress)
    }

    /// Whether the address has failed so often that it may not try again yet.
    func isBarred(_ address: NetworkAddress, at now: NIODeadline) -> Bool {
        self.current(address, at: now).map { $0.count >= self.failuresPerAddress } ?? false
    }

    private func current(_ address: NetworkAddress, at now: NIODeadline) -> Entry? {
        guard let entry = self.entries[address], now - entry.since < Self.period else { return nil }
        return entry
    }

    /// A sixteenth at a time, so that a flood of addresses does not sort the table at every failure.
    private mutating func makeRoom(at now: NIODeadline) {
        guard self.entries.count >= self.addresses else { return }
        self.entries = self.entries.filter { now - $0.value.since < Self.period }
        guard self.entries.count >= self.addresses else { return }
        let oldest = self.entries.sorted { $0.value.since < $1.value.since }
        for (address, _) in oldest.prefix(max(1, self.addresses / 16)) { self.entries[address] = nil }
    }
}
