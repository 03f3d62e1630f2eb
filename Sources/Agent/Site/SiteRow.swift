import CloudModel
import Logging

/// Publishes what the site says about itself: soon after it changed, and on a heartbeat.
struct SiteRow: Sendable {
    /// The longest time between two rows; the alliance counts on it.
    static let heartbeatMax = Duration.seconds(10)

    let service: SiteService
    let profile: AgentConfiguration.Profile
    let publish: @Sendable (SiteDescription) async -> Void
    /// The shortest time between two rows.
    let debounce: Duration
    let heartbeat: Duration

    /// Publishes until cancelled.
    func run() async throws {
        let heartbeat = min(self.heartbeat, Self.heartbeatMax)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let beat = Bell()
            group.addTask {
                while true {
                    try await Task.sleep(for: heartbeat)
                    beat.ring()
                }
            }
            group.addTask {
                var isFirst = true
                for await _ in beat.rings() {
                    // The first ring comes at once and belongs to the watcher of changes.
                    if !isFirst, await self.isMeasured { await self.publish(await self.description) }
                    isFirst = false
                }
            }
            group.addTask { try await self.publishChanges() }
            try await group.waitForAll()
        }
    }

    private func publishChanges() async throws {
        var last: SiteDescription?
        for await _ in self.service.keeper.changed.rings() {
            guard await self.isMeasured else { continue }
            let description = await self.description
            guard last.map({ !Self.says($0, description) }) ?? true else { continue }
            last = description
            await self.publish(description)
            try await Task.sleep(for: self.debounce)
        }
    }

    /// Before the first measurement there is nothing true to say: others would take the site for full.
    private var isMeasured: Bool {
        get async { await self.service.keeper.read(\.isMeasured) }
    }

    /// What the site says now.
    var description: SiteDescription {
        get async {
            let now = self.service.now()
            let profile = self.profile
            return await self.service.keeper.read { ledger in
                SiteDescription(
                    site: ledger.site, name: profile.name, position: profile.position,
                    country: profile.country, labels: profile.labels,
                    hypervisors: Set(ledger.hosts.values.map(\.hypervisor)).sorted(),
                    policy: ledger.policy, capacity: ledger.capacity, price: profile.price, reported: now)
            }
        }
    }

    /// Whether both say the same; small movements of the load wait for the heartbeat.
    private static func says(_ one: SiteDescription, _ other: SiteDescription) -> Bool {
        guard abs(one.capacity.load - other.capacity.load) < 0.1 else { return false }
        var copy = other
        copy.reported = one.reported
        copy.capacity.load = one.capacity.load
        return copy == one
    }
}
