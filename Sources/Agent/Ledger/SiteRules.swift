package import CloudModel

/// What a site allows those who ask it for room.
package struct SiteRules: Hashable, Sendable {
    /// The share of a site that one holder may use, holds included.
    package struct Quota: Hashable, Sendable {
        /// Nil for no limit on that.
        package var resources: Resources?
        package var machines: Int?

        package init(resources: Resources? = nil, machines: Int? = nil) {
            self.resources = resources
            self.machines = machines
        }

        package static let unlimited = Self()
    }

    /// The longest that a reservation is held, whatever was asked.
    package static let holdMax = Duration.seconds(600)

    /// How long a reservation is held when nobody says.
    package static let holdDefault = Duration.seconds(60)

    /// The most labels that a machine may have, and the most bytes that a label's name or value may take.
    package static let labelsMax = 32
    package static let labelBytesMax = 128

    /// The largest machine that is a sensible request: beyond these a number is a mistake.
    package static let largestMachine = Resources(
        vcpus: 1_024, memory: .gibibytes(65_536), disk: .gibibytes(1_048_576))

    /// The most bytes of an image's location or of a kernel's command line.
    package static let imageTextBytesMax = 2_048

    /// Quotas of holders that differ from `defaultQuota`.
    package var quotas: [SiteID: Quota]
    package var defaultQuota: Quota
    /// The most reservations that one holder may have `held` at a time.
    package var heldPerHolderMax: Int
    /// How long an ended reservation or a deleted machine is remembered, so that late questions are answered.
    package var memory: Duration
    /// The most ended reservations, and the most deleted machines, that are remembered; the oldest go first.
    package var memoryMax: Int

    package init(
        quotas: [SiteID: Quota] = [:], defaultQuota: Quota = .unlimited, heldPerHolderMax: Int = 256,
        memory: Duration = .seconds(86_400), memoryMax: Int = 10_000
    ) {
        self.quotas = quotas
        self.defaultQuota = defaultQuota
        self.heldPerHolderMax = heldPerHolderMax
        self.memory = memory
        self.memoryMax = memoryMax
    }
}
