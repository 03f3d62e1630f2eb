import CloudModel

/// Hands over what the site says about itself when something in it may have changed.
///
/// The alliance decides which of it is worth a row at once, which waits for the heartbeat, and what is too soon.
struct SiteRow: Sendable {
    /// How long changes are gathered after a first one: far less than lies between two rows, and far more than between
    /// two changes of a site that is asked for machines.
    static let gatheringTime = Duration.milliseconds(100)

    let service: SiteService
    let profile: AgentConfiguration.Profile
    let publish: @Sendable (SiteDescription) async -> Void
    var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// Hands over until cancelled.
    func run() async {
        for await _ in self.service.keeper.changed.rings() where self.isMeasured {
            await self.publish(self.description)
            do {
                try await self.pause(Self.gatheringTime)
            } catch {
                return
            }
        }
    }

    /// Before the first measurement there is nothing true to say: others would take the site for full.
    private var isMeasured: Bool {
        self.service.keeper.read(\.isMeasured)
    }

    /// What the site says now.
    var description: SiteDescription {
        let now = self.service.now()
        let profile = self.profile
        return self.service.keeper.read { ledger in
            SiteDescription(
                site: ledger.site, name: profile.name, position: profile.position,
                country: profile.country, labels: profile.labels,
                hypervisors: Set(ledger.hosts.values.map(\.hypervisor)).sorted(),
                policy: ledger.policy, isBeingEmptied: ledger.isBeingEmptied,
                capacity: ledger.capacity, price: profile.price, carbon: profile.carbon, reported: now)
        }
    }
}
