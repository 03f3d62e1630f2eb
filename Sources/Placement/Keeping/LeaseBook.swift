package import CloudModel

/// When each lease was renewed last, as far as its coordinator is concerned: the moment at which it sent the answer.
///
/// A site asks for a lease and counts it from when it asked, which is before the coordinator answered. So when the
/// whole length and a margin have passed since the answer, the lease is over at its site, whatever became of the
/// answer. Nothing of this is stored: after a restart each lease counts as renewed just then, which is never too early.
///
/// Times are those of a clock of this process that never jumps.
package struct LeaseBook: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        let epoch: Int
        /// The last answer, or the moment from which the lease was first looked at.
        var since: Duration
        var isGranted: Bool
    }

    private var entries: [WorkloadID: [Int: Entry]] = [:]

    package init() {}

    /// How much longer than a lease its holder waits: for a site's clock that is slow by up to a tenth, and 5 s in which
    /// the site stops the machine.
    package static func margin(of lease: Duration) -> Duration { lease / 10 + .seconds(5) }

    /// Notes that the answer which renews the lease is about to be sent.
    package mutating func grant(_ replica: ReplicaReference, at now: Duration) {
        if let known = self.entries[replica.workload]?[replica.index], known.epoch > replica.epoch { return }
        self.entries[replica.workload, default: [:]][replica.index] = Entry(
            epoch: replica.epoch, since: now, isGranted: true)
    }

    /// Notes that there is such a lease; it counts from now on unless it was known before.
    package mutating func notice(_ replica: ReplicaReference, at now: Duration) {
        guard self.entries[replica.workload]?[replica.index]?.epoch != replica.epoch else { return }
        self.entries[replica.workload, default: [:]][replica.index] = Entry(
            epoch: replica.epoch, since: now, isGranted: false)
    }

    /// Whether the lease is over, margin included: nothing of that epoch runs any more.
    package func isLapsed(_ replica: ReplicaReference, lease: Duration, at now: Duration) -> Bool {
        guard let entry = self.entries[replica.workload]?[replica.index], entry.epoch == replica.epoch else {
            return false
        }
        return now - entry.since > lease + Self.margin(of: lease)
    }

    /// Whether the lease was renewed so lately that its site may start the machine.
    package func isFresh(_ replica: ReplicaReference, lease: Duration, at now: Duration) -> Bool {
        guard let entry = self.entries[replica.workload]?[replica.index], entry.epoch == replica.epoch else {
            return false
        }
        return entry.isGranted && now - entry.since < lease / 2
    }

    package mutating func forget(_ workload: WorkloadID) {
        self.entries[workload] = nil
    }
}
