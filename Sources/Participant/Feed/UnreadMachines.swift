import CloudModel

/// The latest states of machines that nobody has asked for yet, in the order in which they changed.
struct UnreadMachines: Sendable {
    struct Entry: Sendable {
        let machine: Machine
        let since: Instant
        fileprivate let number: Int
    }

    /// Machines of which the state is kept; of more, those that changed longest ago give way.
    let limit: Int
    private var entries: [MachineID: Entry] = [:]
    private var lastNumber = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func note(_ machine: Machine, at now: Instant) {
        self.lastNumber += 1
        self.entries[machine.id] = Entry(machine: machine, since: now, number: self.lastNumber)
        // Not for each of them, but as seldom as they fill the room twice.
        guard self.entries.count >= 2 * self.limit else { return }
        self.entries = Dictionary(
            self.latest.map { ($0.machine.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What was noted since this was last called, the oldest first.
    mutating func take() -> [Entry] {
        defer { self.entries = [:] }
        return Array(self.latest)
    }

    private var latest: ArraySlice<Entry> {
        self.entries.values.sorted { $0.number < $1.number }.suffix(self.limit)
    }
}
